package objects

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const mostAsked = 20

// Owner is the first of the annotations that a live object of a manifest
// carries; empty when none of those looked at has one.
func (c *Client) Owner(manifest string, annotations []string) (string, error) {
	if len(annotations) == 0 {
		return "", nil
	}
	list, err := c.parse(manifest, true)
	if err != nil {
		return "", err
	}
	for _, info := range list[:min(len(list), mostAsked)] {
		live, err := c.access.Metadata(c.ctx, path(info))
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return "", err
		}
		for _, name := range annotations {
			if owner := live.Annotations[name]; owner != "" {
				return owner, nil
			}
		}
	}
	return "", nil
}
