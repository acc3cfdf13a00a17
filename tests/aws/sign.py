"""Signs the requests on its input with AWS's own library, and prints the headers that it adds, one line of JSON each."""

import datetime
import json
import sys
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    wanted = json.loads(line)
    now = datetime.datetime.fromisoformat(wanted["now"].replace("Z", "+00:00"))
    botocore.auth.get_current_datetime = lambda *_, **__: now
    credentials = Credentials(wanted["id"], wanted["secret"], wanted["token"])
    kind = botocore.auth.S3SigV4Auth if wanted["service"] == "s3" else botocore.auth.SigV4Auth
    parts = urlsplit(wanted["url"])
    request = AWSRequest(
        method=wanted["method"],
        url=urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
        params=parse_qsl(parts.query, keep_blank_values=True),
        data=wanted["body"].encode(),
    )
    for name, value in wanted["headers"]:
        # Assigning adds: a second header of the name does not replace the first.
        request.headers.add_header(name, value)
    kind(credentials, wanted["service"], wanted["region"]).add_auth(request)
    names = ["X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "Authorization"]
    print(json.dumps({name: request.headers[name] for name in names if name in request.headers}))
