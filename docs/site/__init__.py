"""Build the documentation site: `python -m docs.site` writes it to build/docs/site.

The pages are the repository's own Markdown files, so that each fact is written once and also reads
well on GitHub. `staging` copies them into the folder that MkDocs reads, and `protocol_reference`,
`python_reference` and clients/typescript/scripts/reference.mjs write the reference beside them.
"""
