#!/usr/bin/env bash
# query-cpu-model-expansion takes a model of a processor and answers one. For x86 it refuses, as input, each model that it
# has answered with "full": a property has the value 18446744073709551552, which is outside of its own limits, and is there
# twice, as lbr-fmt and lbr_fmt. Without both the model is taken, and the answer is what it was, with both. Of the
# model "base" even what "static" answers is refused: its vendor is "". Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    client = connect(machine(folder, type="pc").path("main"))

    def expand(type, model):
        return client.ask("query-cpu-model-expansion", type=type, model=model)

    names = [each["name"] for each in client.run("query-cpu-definitions")]
    tried, taken, why = 0, 0, set()
    for name in names:
        answer = expand("full", {"name": name})
        # What needs an accelerator that is not used here.
        if "error" in answer:
            continue
        tried += 1
        again = expand("full", answer["return"]["model"])
        taken += "error" not in again
        if name != "base" and "error" in again:
            why.add(again["error"]["desc"])
    print(tried, "models")
    expect("more than 100", tried > 100, True)
    expect("taken", taken, 0)
    expect("why", why, {"Property value for 'lbr-fmt' has bits outside mask '0x3f'"})

    model = expand("full", {"name": "Nehalem"})["return"]["model"]
    both = ["lbr-fmt", "lbr_fmt"]
    expect("of Nehalem", [model["props"][name] for name in both], [2**64 - 64] * 2)
    less = {name: value for name, value in model["props"].items() if name not in both}
    again = expand("full", {"name": model["name"], "props": less})
    expect("the same without them", again["return"]["model"] == model, True)

    base = expand("static", {"name": "base"})["return"]["model"]
    expect("vendor of base", base["props"]["vendor"], "")
    refused = expand("static", base)["error"]["desc"]
    expect("base", refused, "value of property 'vendor' must consist of exactly 12 characters")
PYTHON
