"""The contract as an OpenAPI 3.1 document: for people, for client generators, for tests of the REST form.

The generators that exist for `google.api.http` are Go programs that no Python or npm registry carries, and
none of them reads protovalidate's rules; so this one reads the descriptor set and nothing else.
"""

from openapi.document import document

__all__ = ["document"]
