"""Checks files of deploy/ against schemas: `check.py compose FILE` and `check.py kubernetes FILE...`.

Prints one problem a line and ends with 1 when there is any. Unknown fields are problems. The schemas come with the packages that
`npm run provision` keeps for this (PYTHONPATH).
"""

import json
import os
import re
import sys

import yaml

KUBERNETES = "1.37.0"


def interpolated(text):
    """Variables as Compose fills them in; what must be set and is not gets a value of its own."""

    def value(match):
        name, kind, rest = match.group(1), match.group(2), match.group(3)
        given = os.environ.get(name, "")
        if given:
            return given
        return rest if kind in (":-", "-") else "test-" + name.lower().replace("_", "-")

    return re.sub(r"(?<!\$)\$\{(\w+)(?:(:-|-|:\?|\?)([^}]*))?\}", value, text).replace("$$", "$")


def compose(path):
    from compose_spec import ComposeSpecification, PyOptions

    with open(path, encoding="utf-8") as file:
        text = interpolated(file.read())
    options = PyOptions()
    options.apply_merge = True
    try:
        parsed = options.from_yaml(text)
        ComposeSpecification.model_validate(json.loads(parsed.to_json()))
        parsed.validate()
    except ValueError as error:
        yield f"{path}: {error}"


def kubernetes(path):
    import kubernetes_validate

    with open(path, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            try:
                kubernetes_validate.validate(document, KUBERNETES, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError) as error:
                yield f"{path}: {document.get('kind')} {document.get('metadata', {}).get('name')}: {str(error).splitlines()[0]}"


problems = [problem for path in sys.argv[2:] for problem in {"compose": compose, "kubernetes": kubernetes}[sys.argv[1]](path)]
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
