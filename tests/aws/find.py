"""Finds credentials with AWS's own library, for each environment and profile on its input, and prints a line of JSON each."""

import json
import os
import sys

import botocore.exceptions
import botocore.session

for line in sys.stdin:
    wanted = json.loads(line)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    try:
        found = botocore.session.Session(profile=wanted["profile"]).get_credentials()
    except botocore.exceptions.ProfileNotFound:
        found = None
    frozen = found and found.get_frozen_credentials()
    print(json.dumps(frozen and [frozen.access_key, frozen.secret_key, frozen.token]))
