package fetch

import "net/url"

// Covers says whether what was given for one address holds for another: scheme,
// host and port are the same, and its path leads at or below it.
func Covers(prefix, address *url.URL) bool { return prefix.Host != "" && covers(prefix, address) }
