#!/usr/bin/env python3
"""Verify the signatures of a receiver's log, as Standard Webhooks says: webhook_verify.py LOG SECRET...

Each SECRET is base64 after "whsec_"; a request is right if one of its signatures fits one of them.  Prints how many are right, how
many are wrong, and how many are too far from the time at which they came.
"""
import base64
import hashlib
import hmac
import json
import sys

right = wrong = late = 0
for line in open(sys.argv[1]):
    request = json.loads(line)
    headers = request["headers"]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{request['body']}".encode()
    expected = [base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()).decode()
                for secret in sys.argv[2:]]
    given = [word.split(",", 1) for word in headers.get("webhook-signature", "").split()]
    if any(version == "v1" and any(hmac.compare_digest(signature, e) for e in expected) for version, signature in given):
        right += 1
    else:
        wrong += 1
    if abs(float(headers["webhook-timestamp"]) - request["at"]) > 5:
        late += 1
print(right, wrong, late)
