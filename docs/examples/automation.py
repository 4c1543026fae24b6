#!/usr/bin/env python3
"""Fetch the result of a branch and raise an alert when it failed.

Reads SERIAL_URLS (space separated), SERIAL_TOKEN and SERIAL_CA (may be empty) from the environment,
and the branch from the first argument or SERIAL_BRANCH. Without a branch it makes an example: a
target, a job, an execution with one branch, and a failed result. Nothing but the standard library.

Ends with 0 when the result was read, whatever it says, and with 1 and a message when not.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
import uuid


class Cluster:
    def __init__(self):
        self.urls = os.environ.get("SERIAL_URLS", "").split()
        self.token = os.environ.get("SERIAL_TOKEN", "")
        if not self.urls or not self.token:
            sys.exit("automation: SERIAL_URLS and SERIAL_TOKEN must be set (see .serial/env)")
        self.tls = ssl.create_default_context(cafile=os.environ.get("SERIAL_CA") or None)

    def request(self, method, path, body=None, key=None):
        """Asks one node after the other. What creates something carries an idempotency key, so that
        asking the next node after a lost answer does nothing twice."""
        problems = []
        for url in self.urls:
            request = urllib.request.Request(url.rstrip("/") + path, method=method)
            request.add_header("Authorization", "Bearer " + self.token)
            if key:
                request.add_header("Idempotency-Key", key)
            if body is not None:
                request.data = json.dumps(body).encode()
                request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=10, context=self.tls) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                text = error.read(65536).decode("utf-8", "replace")
                problems.append(f"{method} {path} at {url}: {error.code} {text}")
                if error.code < 500:
                    break
            except (OSError, ValueError) as error:
                problems.append(f"{method} {path} at {url}: {error}")
        sys.exit("automation: " + "\n  ".join(problems))

    def get(self, path):
        return self.request("GET", path)

    def create(self, path, body):
        return self.request("POST", path, body, key=str(uuid.uuid4()))


def example(cluster):
    """Makes a branch that failed, and returns its serial."""
    target = cluster.create("/api/targets", {"name": "production server", "os_type": "linux"})
    job = cluster.create("/api/jobs", {"name": "System Update", "job_type": "script"})
    execution = cluster.create(
        f"/api/jobs/{job['job_serial']}/execute", {"target_serials": [target["target_serial"]]})
    serial = execution["branches"][0]["branch_serial"]
    cluster.request(
        "PATCH", f"/api/executions/branch/{serial}",
        {"status": "failed", "exit_code": 1, "result_error": "no space left on device"})
    return serial


def alert(message):
    print("ALERT:", message)


cluster = Cluster()
serial = (sys.argv[1:2] or [os.environ.get("SERIAL_BRANCH")])[0] or example(cluster)

# API call to get specific execution result
result = cluster.get(f"/api/executions/branch/{serial}")

# Use in monitoring systems
if result["exit_code"] is None:
    print(f"Execution {result['branch_serial']} is {result['status']}")
elif result["exit_code"] != 0:
    alert(f"Execution {result['branch_serial']} failed on {result['target_serial_ref']}")
else:
    print(f"Execution {result['branch_serial']} succeeded on {result['target_serial_ref']}")
