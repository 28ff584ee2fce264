# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a FHIR R4 server: enough of search to be asked as a trust's server would be, and every way to misbehave that a real
one has. For exercises and tests; it holds fictional people only. Standard library, and the `openssl` command for certificates.

    python3 -m exerciselib.fhir_stand_in FOLDER --port N     serves FOLDER/NAME/fhir.json as http://127.0.0.1:N/NAME

`fhir.json` is a JSON list of resources, read again when it changes. A FaultPlan says what is to go wrong (tests).
"""
import argparse
import base64
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

FHIR_JSON = "application/fhir+json"
# Search parameters: resource -> name -> (type of parameter, path). Source: FHIR R4, each resource's "Search Parameters".
COMMON = {"_id": ("id", "id"), "_tag": ("token", "meta.tag")}
SEARCH = {
    "Patient": {"identifier": ("token", "identifier"), "active": ("bool", "active"), "organization": ("reference", "managingOrganization"),
                "address-postalcode": ("string", "address.postalCode"), "address": ("string", "address.line|address.city|address.postalCode")},
    "Location": {"address-postalcode": ("string", "address.postalCode"), "address": ("string", "address.line|address.city|address.postalCode"),
                 "type": ("token", "type"), "status": ("token", "status")},
    "Encounter": {"patient": ("reference", "subject"), "subject": ("reference", "subject"), "location": ("reference", "location.location"),
                  "type": ("token", "type"), "status": ("token", "status")},
    "Condition": {"patient": ("reference", "subject"), "subject": ("reference", "subject"), "code": ("token", "code")},
    "Flag": {"patient": ("reference", "subject"), "subject": ("reference", "subject")},
    "EpisodeOfCare": {"patient": ("reference", "patient"), "organization": ("reference", "managingOrganization"), "status": ("token", "status")},
    "CareTeam": {"patient": ("reference", "subject"), "subject": ("reference", "subject")},
    "Task": {"patient": ("reference", "for"), "subject": ("reference", "for"), "status": ("token", "status")},
}
RESULT = {"_count", "_sort", "_summary", "_total"}


def values_at(value, path):
    """Everything at a dotted path, through lists; several paths are parted by '|'."""
    found = []
    for one in path.split("|"):
        level = [value]
        for name in one.split("."):
            level = [v for item in level for v in (item if isinstance(item, list) else [item])]
            level = [item[name] for item in level if isinstance(item, dict) and name in item]
        found += [v for item in level for v in (item if isinstance(item, list) else [item])]
    return found


def parts(text, mark):
    """Splits at a mark that is not escaped. FHIR R4, "Search", escaping: a backslash before ',', '|', '$' and itself."""
    out, at = [""], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out[-1] += text[at + 1]
            at += 1
        elif text[at] == mark:
            out.append("")
        else:
            out[-1] += text[at]
        at += 1
    return out


def escaped_parts(text, mark):
    """As parts, with the escapes left in, for what is split again."""
    out, at = [""], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out[-1] += text[at:at + 2]
            at += 1
        elif text[at] == mark:
            out.append("")
        else:
            out[-1] += text[at]
        at += 1
    return out


def token_matches(value, wanted):
    pieces = parts(wanted, "|")
    if isinstance(value, str):
        return value == pieces[-1]
    codings = value.get("coding", [value])
    if len(pieces) == 1:
        return any(pieces[0] in (c.get("code"), c.get("value")) for c in codings)
    return any(c.get("system", "") == pieces[0] and pieces[1] in (c.get("code"), c.get("value")) for c in codings)


def matches(kind, value, wanted):
    if kind == "token":
        return token_matches(value, wanted)
    wanted = parts(wanted, "\0")[0]
    if kind == "reference":
        reference = value.get("reference", "")
        return reference == wanted or reference.endswith("/" + wanted) or ("/" not in wanted and reference.split("/")[-1] == wanted)
    if kind == "bool":
        return json.dumps(value) == wanted
    if kind == "id":
        return value == wanted
    return str(value).casefold().startswith(wanted.casefold())


def selected(resources, kind, parameters):
    table = dict(SEARCH.get(kind, {}), **COMMON)
    for resource in resources:
        if resource["resourceType"] == kind and all(
                any(matches(table[name][0], value, wanted) for wanted in escaped_parts(text, ",") for value in values_at(resource, table[name][1]))
                for name, text in parameters if name in table):
            yield resource


def outcome(severity, code, text="of the stand-in"):
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, "diagnostics": text}]}


class FaultPlan:
    """What is to go wrong: faults are taken in order, each for requests whose path holds `where`, `times` times (None: always), after
    `skip` of them went well."""

    def __init__(self):
        self.faults, self.lock = [], threading.Lock()

    def add(self, what, where="", times=1, skip=0, **more):
        with self.lock:
            self.faults.append(dict(what=what, where=where, times=times, skip=skip, **more))

    def clear(self):
        with self.lock:
            self.faults.clear()

    def take(self, path):
        with self.lock:
            for fault in self.faults:
                if fault["where"] not in path or fault["times"] == 0:
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                if fault["times"] is not None:
                    fault["times"] -= 1
                return fault
        return {"what": ""}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a connection that was kept does not hold up the end

    def handle_error(self, request, client_address):
        """Peers that go away, and handshakes that fail, are what tests do."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class StandIn:
    """One server of several bases: each name under the root has resources of its own."""

    def __init__(self, port=0, tls=None, folder=None, oauth=None, client_ca=None):
        self.tenants, self.read_at, self.pages = {}, {}, {}
        self.folder = pathlib.Path(folder) if folder else None
        self.plan, self.oauth, self.requests = FaultPlan(), oauth, []
        self.strict = True
        handler = type("Handler", (Handler,), {"stand_in": self})
        self.server = Server(("127.0.0.1", port), handler)
        self.scheme, self.ca = ("https", tls.get("ca")) if tls else ("http", None)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls["cert"], tls["key"])
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            # Handshakes belong to the connection's own thread: one that hangs would hold up everybody.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.root = f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def base(self, tenant):
        return f"{self.root}/{tenant}"

    def put(self, tenant, resources):
        self.tenants[tenant] = list(resources)

    def resources(self, tenant):
        """None: no such base."""
        if self.folder and tenant.replace("-", "").isalnum():
            path = self.folder / tenant / "fhir.json"
            try:
                stamp = (path.stat().st_mtime_ns, path.stat().st_size)
                if self.read_at.get(tenant) != stamp:
                    self.put(tenant, json.loads(path.read_text(encoding="utf-8")))
                    self.read_at[tenant] = stamp
            except FileNotFoundError:
                return None
        return self.tenants.get(tenant)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: in two, each reply waits for an acknowledgement
    disable_nagle_algorithm = True
    stand_in = None

    def log_message(self, *_):
        pass

    def send(self, status, body, media=FHIR_JSON, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        parsed = urllib.parse.urlsplit(self.path)
        self.serve("GET", parsed.path, urllib.parse.parse_qsl(parsed.query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parameters = urllib.parse.parse_qsl(body)
        if self.stand_in.oauth and self.path == "/token":
            self.token(dict(parameters))
        else:
            self.serve("POST", urllib.parse.urlsplit(self.path).path, parameters)

    def serve(self, method, path, parameters):
        s = self.stand_in
        s.requests.append((method, self.path, parameters, dict(self.headers)))
        fault = s.plan.take(self.path)
        if self.broken_before(fault):
            return
        if s.oauth and self.headers.get("Authorization", "") not in s.oauth.live():
            self.send(401, outcome("error", "login"))
            return
        pieces = [urllib.parse.unquote(p) for p in path.strip("/").split("/")]
        resources = s.resources(pieces[0])
        if resources is None:
            self.send(404, outcome("error", "not-found"))
        elif dict(parameters).get("_page"):
            self.page(pieces[0], dict(parameters)["_page"], fault)
        elif len(pieces) == 3 and pieces[2] != "_search":
            self.read(resources, pieces[1], pieces[2], fault)
        elif len(pieces) in (2, 3):
            self.search(pieces[0], resources, pieces[1], parameters, fault)
        else:
            self.send(404, outcome("error", "not-found"))

    # --- faults ---

    def broken_before(self, fault):
        """Faults in place of a reply. Return: whether there was one."""
        what = fault["what"]
        if what == "busy":
            headers = [("Retry-After", str(fault["after"]))] if "after" in fault else []
            self.send(fault.get("status", 429), outcome("error", "throttled"), headers=headers)
        elif what == "status":
            self.send(fault["status"], outcome("error", "exception"), headers=fault.get("headers", ()))
        elif what == "redirect":
            self.send(302, b"", headers=[("Location", fault["to"])])
        elif what == "outcome":
            self.send(200, outcome(fault.get("severity", "error"), fault.get("code", "processing")))
        elif what == "html":
            self.send(200, b"<html>Please log in</html>", "text/html")
        elif what == "hang":
            time.sleep(fault["seconds"])
            self.close_connection = True
        elif what == "drop":
            self.close_connection = True
        elif what == "huge":
            self.huge(fault["bytes"])
        elif what == "raw":
            self.send(200, fault["body"], fault.get("media", FHIR_JSON))
        else:
            return False
        return True

    def huge(self, size):
        self.send_response(200)
        self.send_header("Content-Type", FHIR_JSON)
        self.end_headers()
        self.close_connection = True
        try:
            for _ in range(size // 65536):
                self.wfile.write(b" " * 65536)
        except OSError:
            pass

    def broken_reply(self, body, fault):
        """Faults of a reply that was made; sends it."""
        data = json.dumps(body).encode()
        if fault["what"] == "truncated":  # the server means it: the length is that of the half
            self.send(200, data[:len(data) // 2])
        elif fault["what"] == "cut":  # the connection breaks in the middle
            self.send_response(200)
            self.send_header("Content-Type", FHIR_JSON)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
        else:
            self.send(200, body)

    @staticmethod
    def broken_bundle(bundle, fault):
        what = fault["what"]
        entries = bundle["entry"]
        if what == "entry":  # any resource put among the others
            entries.append({"resource": fault["resource"], "search": {"mode": fault.get("mode", "match")}})
        elif what == "next":
            bundle["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": fault["url"]}]
        elif what == "type":
            bundle["type"] = fault["type"]
        elif what == "total":
            bundle["total"] = fault["total"]
        elif what == "lost":  # an entry left out
            entries[:] = entries[1:]

    # --- good replies ---

    def read(self, resources, kind, name, fault):
        for resource in resources:
            if resource["resourceType"] == kind and resource["id"] == name:
                self.broken_reply(fault.get("resource", resource) if fault["what"] == "other" else resource, fault)
                return
        self.send(404, outcome("error", "not-found"))

    def search(self, tenant, resources, kind, parameters, fault):
        known = set(SEARCH.get(kind, {})) | set(COMMON) | RESULT
        unknown = [name for name, _ in parameters if name not in known]
        if kind not in SEARCH or (unknown and self.stand_in.strict and "strict" in self.headers.get("Prefer", "")):
            self.send(400, outcome("error", "not-supported"))
            return
        found = list(selected(resources, kind, parameters))
        self.bundle(tenant, found, 0, int(dict(parameters).get("_count", 50)), fault)

    def page(self, tenant, name, fault):
        if name not in self.stand_in.pages:
            self.send(410, outcome("error", "not-found"))
            return
        self.bundle(tenant, *self.stand_in.pages[name], fault)

    def bundle(self, tenant, found, start, count, fault):
        base = self.stand_in.base(tenant)
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found),
                  "link": [{"relation": "self", "url": base}],
                  "entry": [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
                            for r in found[start:start + count]]}
        if start + count < len(found):
            name = secrets.token_hex(8)
            self.stand_in.pages[name] = (found, start + count, count)
            bundle["link"].append({"relation": "next", "url": f"{base}?_page={name}"})
        self.broken_bundle(bundle, fault)
        self.broken_reply(bundle, fault)

    # --- tokens ---

    def token(self, form):
        s = self.stand_in
        s.requests.append(("POST", self.path, sorted(form), dict(self.headers)))
        if self.broken_before(s.plan.take(self.path)):
            return
        why = s.oauth.refusal(form)
        if why:
            self.send(400, {"error": "invalid_client", "error_description": why}, "application/json")
        else:
            self.send(200, {"access_token": s.oauth.issue(), "token_type": "Bearer", "expires_in": s.oauth.life_s}, "application/json")


class OAuth:
    """An authorisation server of one client: RFC 7523 assertions, RS384 or ES384, checked with the openssl command."""

    def __init__(self, client, public_key, audience, alg="RS384", life_s=300):
        self.client, self.public_key, self.audience, self.alg, self.life_s = client, public_key, audience, alg, life_s
        self.tokens, self.seen, self.issued = {}, set(), 0

    def live(self):
        return {f"Bearer {t}" for t, until in self.tokens.items() if until > time.monotonic()}

    def issue(self):
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + self.life_s
        self.issued += 1
        return token

    def revoke(self):
        self.tokens.clear()

    def refusal(self, form):
        """Why an assertion is not taken; "" when it is."""
        if form.get("grant_type") != "client_credentials" or not form.get("client_assertion_type", "").endswith(":jwt-bearer"):
            return "grant"
        head, claims, signature = form["client_assertion"].split(".")
        decoded = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        header, body = json.loads(decoded(head)), json.loads(decoded(claims))
        if header.get("alg") != self.alg:
            return "alg"
        if not (body["iss"] == body["sub"] == self.client and body["aud"] == self.audience):
            return "claims"
        if not time.time() < body["exp"] <= time.time() + 300 or body["jti"] in self.seen:
            return "time or jti"
        self.seen.add(body["jti"])
        return "" if self.signed(f"{head}.{claims}".encode(), decoded(signature)) else "signature"

    def signed(self, data, signature):
        if self.alg == "ES384":
            signature = der_signature(signature)
        with tempfile.TemporaryDirectory() as place:
            (pathlib.Path(place) / "data").write_bytes(data)
            (pathlib.Path(place) / "signature").write_bytes(signature)
            return subprocess.run(["openssl", "dgst", "-sha384", "-verify", self.public_key, "-signature", f"{place}/signature", f"{place}/data"],
                                  capture_output=True).returncode == 0


def der_signature(raw):
    """r and s of JWS as the sequence that openssl reads."""
    def integer(part):
        part = part.lstrip(b"\0") or b"\0"
        part = b"\0" + part if part[0] & 0x80 else part
        return b"\x02" + bytes([len(part)]) + part
    body = integer(raw[:len(raw) // 2]) + integer(raw[len(raw) // 2:])
    return b"\x30" + bytes([len(body)]) + body


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificates(place):
    """A throw-away authority, a server's certificate for 127.0.0.1 and a client's. Return: name -> path."""
    place = pathlib.Path(place)
    place.mkdir(parents=True, exist_ok=True)
    paths = {name: place / f"{name}.pem" for name in ("ca", "ca_key", "cert", "key", "client_cert", "client_key")}
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", paths["ca_key"], "-out", paths["ca"], "-days", "2", "-subj", "/CN=stand-in authority")
    for cert, key, subject, more in (("cert", "key", "/CN=127.0.0.1", "subjectAltName=IP:127.0.0.1"),
                                     ("client_cert", "client_key", "/CN=almoner adapter", "extendedKeyUsage=clientAuth")):
        request, extension = place / f"{cert}.csr", place / f"{cert}.ext"
        extension.write_text(more + "\n")
        openssl("req", *curve, "-keyout", paths[key], "-out", request, "-subj", subject)
        openssl("x509", "-req", "-in", request, "-CA", paths["ca"], "-CAkey", paths["ca_key"], "-CAcreateserial", "-out", paths[cert],
                "-days", "2", "-extfile", extension)
    for name in ("key", "client_key", "ca_key"):
        paths[name].chmod(0o600)
    return {name: str(path) for name, path in paths.items()}


def main():
    parser = argparse.ArgumentParser(description="A FHIR R4 stand-in for exercises, on the loopback address.")
    parser.add_argument("folder", help="holds NAME/fhir.json: a list of resources, served as /NAME")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    tls = {"cert": arguments.cert, "key": arguments.key} if arguments.cert else None
    server = StandIn(arguments.port, tls, arguments.folder)
    print(server.root, flush=True)
    try:
        server.server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
