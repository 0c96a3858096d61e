"""The HTTP API as Pusher's Python SDK uses it; subjects/python.js hears what comes of it."""

import os

import pusher

port = int(os.environ["GATEWAY_PORTS"].split(",")[-1])
sdk = pusher.Pusher(
    app_id=os.environ["GROUNDCREW_APP_ID"],
    key=os.environ["GROUNDCREW_APP_KEY"],
    secret=os.environ["GROUNDCREW_APP_SECRET"],
    host="127.0.0.1",
    port=port,
    ssl=False,
    encryption_master_key_base64="BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
)
sender = os.environ["SENDER"]

sdk.trigger("private-python", "said", {"n": 1, "text": "ü€"})
sdk.trigger("private-python", "to-others", {}, sender)
sdk.trigger("private-encrypted-python", "secret", {"n": 2})
batch = [{"channel": "private-python", "name": "batched", "data": {"n": n}} for n in range(10)]
sdk.trigger_batch(batch)
sdk.send_to_user("1", "personal", {"n": 3})

channels = sdk.channels_info("presence-", ["user_count"])["channels"]
assert channels == {"presence-python": {"user_count": 1}}, channels
room = sdk.channel_info("presence-python", ["user_count", "subscription_count"])
assert room == {"occupied": True, "user_count": 1, "subscription_count": 1}, room
assert sdk.users_info("presence-python")["users"] == [{"id": "1"}]

wrong = pusher.Pusher(
    app_id=sdk._pusher_client.app_id,
    key=sdk._pusher_client.key,
    secret="wrong",
    host="127.0.0.1",
    port=port,
    ssl=False,
)
try:
    wrong.trigger("private-python", "forged", {})
except pusher.errors.PusherBadAuth:
    pass
else:
    raise AssertionError("a wrong secret was taken")

# Not tried: terminate_user_connections, which version 3.3.4 asks for at an address without
# /apps/{id}, where Pusher itself does not answer either.
sdk.trigger("private-python", "last", {})
