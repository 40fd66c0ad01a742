"""Validates recorded messages by exported JSON Schemas, and mutated ones, which have to fail.

Usage: validate.py SCHEMA RECORDING... [-- SCHEMA RECORDING...]...

Prints what was found by each schema, a line of JSON.
"""

import json
import sys

import jsonschema

CHECKED = set()


def check_schema(schema):
    """By the metaschema. That takes seconds for QMP, so that definitions which releases have in common are checked once."""
    check = jsonschema.Draft202012Validator.check_schema
    check({**schema, "$defs": {}})
    for definition in schema["$defs"].values():
        text = json.dumps(definition)
        if text not in CHECKED:
            check(definition)
            CHECKED.add(text)


def const(schema, key):
    """The values that a message's key has."""
    for case in schema.get("oneOf", [schema]):
        value = case.get("properties", {}).get(key, {}).get("const")
        if value:
            yield value


def mutations(value, path=()):
    """The same with a member too many, and with a value of a type that nothing has."""
    if isinstance(value, dict):
        yield path, {**value, "no-such-member": 1}
        for key, inner in value.items():
            for at, mutated in mutations(inner, path + (key,)):
                yield at, {**value, key: mutated}
    elif isinstance(value, list):
        for index, inner in enumerate(value[:2]):
            for at, mutated in mutations(inner, path + (index,)):
                yield at, value[:index] + [mutated] + value[index + 1 :]
    else:
        yield path, [[[]]]


class Interface:
    def __init__(self, schema):
        check_schema(schema)
        self.defs = schema["$defs"]
        self.validators = {}
        self.counts = {"valid": 0, "mutated": 0, "invalid": 0}
        self.requests, self.events, self.replies = {}, {}, {}
        for name, schema in self.defs.items():
            for key in "execute", "exec-oob":
                for command in const(schema, key):
                    if schema.get("type") == "object" or "oneOf" in schema:
                        self.requests[command] = name
            for event in const(schema, "event"):
                self.events[event] = name
        for command, name in self.requests.items():
            at = name.rindex("Request")
            self.replies[command] = name[:at] + "Reply" + name[at + 7 :]

    def fault(self, name, message):
        if name not in self.validators:
            schema = {"$ref": "#/$defs/" + name, "$defs": self.defs}
            self.validators[name] = jsonschema.Draft202012Validator(schema)
        return next(self.validators[name].iter_errors(message), None)

    def takes_anything(self, schema, seen):
        """Whether any value at all fits somewhere in it."""
        said = {"description", "deprecated", "$comment"}
        if set(schema) <= said or schema.get("additionalProperties") is None and schema.get("type") == "object":
            return True
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name in seen:
                return False
            seen.add(name)
            return self.takes_anything(self.defs[name], seen)
        parts = list(schema.get("properties", {}).values()) + schema.get("anyOf", []) + schema.get("oneOf", [])
        if "items" in schema:
            parts.append(schema["items"])
        return any(self.takes_anything(part, seen) for part in parts)

    def invalid(self, what):
        self.counts["invalid"] += 1
        print(what)

    def received(self, path, name, message):
        error = self.fault(name, message)
        if error:
            where = "/".join(map(str, error.absolute_path))
            self.invalid(f"{path}: {name} at {where}: {error.message[:200]}\n  {json.dumps(message)[:300]}")
            return
        self.counts["valid"] += 1
        key = "return" if "return" in message else "data" if "data" in message else None
        part = self.defs[name]["properties"].get(key, {}) if key else {}
        if key and not self.takes_anything(part, set()):
            for at, mutated in list(mutations(message[key]))[:10]:
                self.counts["mutated"] += 1
                if not self.fault(name, {**message, key: mutated}):
                    self.invalid(f"{path}: {name} is valid though mutated at {at}")

    def recording(self, path):
        pending = {}
        for line in open(path, errors="replace"):
            side, _, text = line.partition(": ")
            if side not in ("C", "S", "C2", "S2"):
                continue
            try:
                message = json.loads(text)
            except ValueError:
                continue
            if not isinstance(message, dict):
                continue
            ident = json.dumps([side[1:], message.get("id")], sort_keys=True)
            if side[0] == "C":
                pending[ident] = message
                # Clients make mistakes on purpose here: only what was accepted is looked at, with its reply.
                continue
            if "event" in message:
                name = self.events.get(message["event"])
            elif "return" in message:
                request = pending.pop(ident, {})
                command = request.get("execute") or request.get("exec-oob")
                name = self.replies.get(command)
                error = name and self.fault(self.requests[command], request)
                if error:
                    self.invalid(f"{path}: {self.requests[command]}: {error.message[:200]}\n  {json.dumps(request)[:300]}")
            elif "error" in message:
                name = "ErrorReply"
                pending.pop(ident, None)
            else:
                name = "Greeting"
            if name is not None:
                self.received(path, name, message)


group = []
for argument in sys.argv[1:] + ["--"]:
    if argument != "--":
        group.append(argument)
        continue
    interface = Interface(json.load(open(group[0])))
    for path in group[1:]:
        interface.recording(path)
    print(json.dumps(interface.counts))
    group = []
