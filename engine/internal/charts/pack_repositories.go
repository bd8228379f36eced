package charts

import (
	"net/url"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// repository is an address and what its host is to see of us: by the name that
// it was given, else by the address.
func (p *packer) repository(text string) (string, fetch.Access, error) {
	name, named := strings.CutPrefix(text, "@")
	if !named {
		name, named = strings.CutPrefix(text, "alias:")
	}
	if !named {
		return text, p.access(text), nil
	}
	for _, one := range p.of.Repositories {
		if one.Name == name {
			return one.URL, one.Access, nil
		}
	}
	return "", fetch.Access{}, failure.New(pb.Failure_CHART_INVALID,
		"no repository is known by the name %q: give a repositories.yaml that lists it to "+
			"--helm-repository-import, or write its URL into the chart", name)
}

func (p *packer) access(text string) fetch.Access {
	address, err := url.Parse(text)
	if err != nil {
		return fetch.Access{}
	}
	var longest int
	var access fetch.Access
	for _, one := range p.of.Repositories {
		prefix, err := url.Parse(one.URL)
		if err != nil || !fetch.Covers(prefix, address) || len(prefix.Path)+1 <= longest {
			continue
		}
		longest, access = len(prefix.Path)+1, one.Access
	}
	return access
}
