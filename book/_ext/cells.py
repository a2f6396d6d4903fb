"""Which code of a chapter a notebook needs: the reader's cells, and what those stand on.

A chapter has cells that its page hides: claims, numbers for the text, set-up. Of these only the
statements stay that define a name which a cell of the reader needs later.
"""

import ast

SCAFFOLD = {"claim", "glue", "glue_all", "put"}
SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
MAYBE = (ast.If, ast.Try, ast.With, ast.While)  # what these set may have been set before


def stand_alone(cells: list[tuple[str, str]]) -> list[str]:
    """Strip cells of what only the build of the book needs.

    Parameters
    ----------
    cells : list of (str, str)
        Source of each cell, in order, and what of it is the reader's: `"all"`, the `"last"`
        value, or `"nothing"`.

    Returns
    -------
    list of str
        What is left of each cell, as it is written; empty where nothing is.
    """
    sources = [without_magics(source) for source, _ in cells]
    bodies = [ast.parse(source).body for source in sources]
    functions = {
        node.name: names(node)[0]  # what a function reads is needed where it is called
        for body in bodies
        for node in body
        if isinstance(node, ast.FunctionDef)
    }
    needed, dropped = set(), set()
    for body, (_, shown) in zip(reversed(bodies), reversed(cells), strict=True):
        for node in reversed(body):
            reads, sets = names(node)
            changed = changed_in_part(node)
            wanted = shown == "all" or (shown == "last" and node is body[-1])
            if is_scaffold(node) or not (wanted or (sets | changed) & needed):
                dropped.add(node)
                continue
            needed -= set() if isinstance(node, MAYBE) else sets
            needed |= closure(reads | changed, functions)
    return [cut(source, body, dropped) for source, body in zip(sources, bodies, strict=True)]


def without_magics(source: str) -> str:
    """Drop lines such as `%config`."""
    return "\n".join(line for line in source.split("\n") if not line.startswith("%"))


def is_scaffold(node) -> bool:
    """Say whether a statement is a call of `claim`, `glue`, `glue_all` or `put`."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") in SCAFFOLD


def shows(source: str) -> bool:
    """Say whether a cell shows its last value, other than the note of a claim."""
    body = ast.parse(without_magics(source)).body
    return bool(body) and isinstance(body[-1], ast.Expr) and not is_scaffold(body[-1])


def names(node) -> tuple[set, set]:
    """Give the names that a node reads before it sets them, and those that it sets."""
    reads, sets = set(), set()
    if isinstance(node, ast.Name):
        return ({node.id}, sets) if isinstance(node.ctx, ast.Load) else (reads, {node.id})
    if isinstance(node, ast.alias):
        return reads, {(node.asname or node.name).split(".")[0]}
    if isinstance(node, ast.arg):
        return reads, {node.arg}
    for child in in_order(node):
        more, new = names(child)
        reads, sets = reads | more - sets, sets | new
    if isinstance(node, ast.AugAssign):
        reads |= sets
    if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
        return reads - sets, {node.name} if hasattr(node, "name") else set()
    return reads, set() if isinstance(node, SCOPES) else sets


def in_order(node) -> list:
    """Give the children of a node in the order in which Python evaluates them."""
    match node:
        case ast.Assign():
            return [node.value, *node.targets]
        case ast.For():
            return [node.iter, node.target, *node.body, *node.orelse]
        case ast.comprehension():
            return [node.iter, node.target, *node.ifs]
        case ast.DictComp():
            return [*node.generators, node.key, node.value]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return [*node.generators, node.elt]
    return list(ast.iter_child_nodes(node))


def changed_in_part(node) -> set:
    """Give the names of what a statement changes in part, as `a[0] = 1` and `a.b = 1` do."""
    parts = (n for n in ast.walk(node) if isinstance(n, ast.Subscript | ast.Attribute))
    stored = (part.value for part in parts if isinstance(part.ctx, ast.Store))
    return {n.id for value in stored for n in ast.walk(value) if isinstance(n, ast.Name)}


def closure(found: set, functions: dict) -> set:
    """Add what the functions among the names read, and what those call in turn."""
    todo, seen = list(found), set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += functions.get(name, ())
    return seen


def cut(source: str, body: list, dropped: set) -> str:
    """Cut the lines of the statements that go, and leave all others as they are written."""
    lines = source.split("\n")
    if all(node in dropped for node in body):
        return ""
    for node in dropped.intersection(body):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        lines[first - 1 : node.end_lineno] = [None] * (node.end_lineno - first + 1)
    text = "\n".join(line for line in lines if line is not None).strip("\n")
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text
