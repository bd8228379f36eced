"""What a commit would change in the cluster, said before it does; nothing is written.

`findings` are the nouns, `difference` and `masking` the thinking, `text`,
`markdown` and `as_json` the words. All but the finding out is pure.
"""
