"""Manifests as text, as short as a test wants to read them."""


def config_map(name: str, value: str = "1", namespace: str = "", extra: str = "") -> str:
    """Return a ConfigMap whose key `a` holds the value."""
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{where}{extra}"
        f'data:\n  a: "{value}"\n'
    )


def crd(plural: str, kind: str, group: str, scope: str = "Namespaced") -> str:
    """Return a CRD whose objects may hold anything."""
    return (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"metadata:\n  name: {plural}.{group}\nspec:\n  group: {group}\n  scope: {scope}\n"
        f"  names: {{kind: {kind}, plural: {plural}}}\n"
        "  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n"
        "      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}\n"
    )
