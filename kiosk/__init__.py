"""The touch screen: one page, one websocket, every sentence that an EV driver reads."""
