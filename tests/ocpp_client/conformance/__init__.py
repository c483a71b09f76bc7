"""The conformance cases of the Open Charge Alliance's test tool (2024-04) for a charge point, by their ids.

The station's half is the client as `links` runs it, over connectors whose frames the test gives; the other half is
the strict central system of tests/central_system: a breach of any of its rules fails the test.
"""
