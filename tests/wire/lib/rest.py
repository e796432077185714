"""The REST API as an administrator's program calls it."""
from __future__ import annotations

import http.client
import json
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    text: str

    @property
    def json(self):
        return json.loads(self.text)


class Rest:
    """One bearer token against one server. Each request has its own connection."""

    def __init__(self, address: tuple[str, int], token: str | None):
        self.address, self.token = address, token

    def request(self, method: str, path: str, body=None,
                headers: dict[str, str] | None = None) -> Answer:
        fields = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        text = None
        if body is not None:
            text = body if isinstance(body, (str, bytes)) else json.dumps(body)
            merge = "merge-patch+" if method == "PATCH" else ""
            fields["Content-Type"] = f"application/{merge}json"
        fields.update(headers or {})
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        try:
            connection.request(method, path, text, fields)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, received, response.read().decode())
        finally:
            connection.close()

    def download(self, path: str) -> bytes:
        """What is no text."""
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            assert answer.status == 200, f"GET {path}: {answer.status}"
            return answer.read()
        finally:
            connection.close()

    def get(self, path: str):
        """JSON of a resource that must be there."""
        answer = self.request("GET", path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
        return answer.json

    def items(self, path: str) -> list[dict]:
        """Items of a list, every page of it."""
        found, cursor = [], None
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=200"
                            + (f"&cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    def put(self, path: str, body: dict) -> dict:
        answer = self.request("PUT", path, body)
        assert answer.status in (200, 201), f"PUT {path}: {answer.status} {answer.text}"
        return answer.json

    def delete(self, path: str) -> None:
        answer = self.request("DELETE", path)
        assert answer.status in (200, 204), f"DELETE {path}: {answer.status} {answer.text}"

    def put_extension(self, number: str, secret: str, display_name: str = "") -> dict:
        return self.put(f"/api/v1/extensions/{number}",
                        {"number": number, "display_name": display_name, "sip_password": secret})

    def put_group(self, name: str, members: list[str], watchers: list[dict | str]) -> dict:
        """`watchers` are numbers (no unsolicited NOTIFYs, profile auto) or whole values."""
        whole = [{"number": watcher, "unsolicited": False, "profile": "auto"}
                 if isinstance(watcher, str) else watcher for watcher in watchers]
        return self.put(f"/api/v1/groups/{name}", {"name": name, "display_name": name.title(),
                                                   "members": members, "watchers": whole})
