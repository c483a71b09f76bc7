"""A second central system, over the npm package `ocpp-rpc` in strict mode: it shares no code with anything here.

`scripts/test` installs the package; where it is not installed these tests are left out, and it says so.
"""
