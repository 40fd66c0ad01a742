"""Validates recorded messages by an exported JSON Schema, and mutated ones, which have to fail.

Usage: validate.py SCHEMA RECORDING...
"""

import json
import sys

import jsonschema

SCHEMA = json.load(open(sys.argv[1]))
DEFS = SCHEMA["$defs"]
jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATORS = {}


def valid(name, message):
    if name not in VALIDATORS:
        schema = {"$ref": "#/$defs/" + name, "$defs": DEFS}
        VALIDATORS[name] = jsonschema.Draft202012Validator(schema)
    return next(VALIDATORS[name].iter_errors(message), None)


def const(schema, key):
    """The values that a message's key has."""
    for case in schema.get("oneOf", [schema]):
        value = case.get("properties", {}).get(key, {}).get("const")
        if value:
            yield value


REQUESTS, EVENTS = {}, {}
for name, schema in DEFS.items():
    for key in "execute", "exec-oob":
        for command in const(schema, key):
            if schema.get("type") == "object" or "oneOf" in schema:
                REQUESTS[command] = name
    for event in const(schema, "event"):
        EVENTS[event] = name
REPLIES = {}
for command, name in REQUESTS.items():
    REPLIES[command] = name[: name.rindex("Request")] + "Reply" + name[name.rindex("Request") + 7 :]


def takes_anything(schema, seen):
    """Whether any value at all fits somewhere in it."""
    said = {"description", "deprecated", "$comment"}
    if set(schema) <= said or schema.get("additionalProperties") is None and schema.get("type") == "object":
        return True
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name in seen:
            return False
        seen.add(name)
        return takes_anything(DEFS[name], seen)
    parts = list(schema.get("properties", {}).values()) + schema.get("anyOf", []) + schema.get("oneOf", [])
    if "items" in schema:
        parts.append(schema["items"])
    return any(takes_anything(part, seen) for part in parts)


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


counts = {"valid": 0, "mutated": 0, "invalid": 0}
for path in sys.argv[2:]:
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
        command = message.get("execute") or message.get("exec-oob")
        ident = json.dumps([side[1:], message.get("id")], sort_keys=True)
        if side[0] == "C":
            pending[ident] = message
            # Clients make mistakes on purpose here: only what was accepted is looked at, with its reply.
            continue
        if "event" in message:
            name = EVENTS.get(message["event"])
        elif "return" in message:
            request = pending.pop(ident, {})
            command = request.get("execute") or request.get("exec-oob")
            name = REPLIES.get(command)
            error = name and valid(REQUESTS[command], request)
            if error:
                counts["invalid"] += 1
                print(f"{path}: {REQUESTS[command]}: {error.message[:200]}\n  {json.dumps(request)[:300]}")
        elif "error" in message:
            name = "ErrorReply"
            pending.pop(ident, None)
        else:
            name = "Greeting"
        if name is None:
            continue
        error = valid(name, message)
        if error:
            where = "/".join(map(str, error.absolute_path))
            counts["invalid"] += 1
            print(f"{path}: {name} at {where}: {error.message[:200]}\n  {text[:300]}")
            continue
        counts["valid"] += 1
        key = "return" if "return" in message else "data" if "data" in message else None
        part = DEFS[name]["properties"].get(key, {}) if key else {}
        if key and not takes_anything(part, set()):
            for at, mutated in list(mutations(message[key]))[:10]:
                counts["mutated"] += 1
                if not valid(name, {**message, key: mutated}):
                    counts["invalid"] += 1
                    print(f"{path}: {name} is valid though mutated at {at}")
print(json.dumps(counts))
