"""A small central system to look at: `manage.py demo_csms`. For newcomers and developers; it keeps nothing.

It plays the far end of OCPP 1.6J and therefore shares no code with the client in this package: an error in one must
show in the other. A message goes: station_socket -> messages -> station and exchange -> pages -> the browser.
"""
