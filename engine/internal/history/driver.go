package history

import (
	"errors"
	"fmt"
	"slices"

	helmrelease "helm.sh/helm/v4/pkg/release"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
)

var _ driver.Driver = (*Claim)(nil)

// Name is what the SDK's logs call the driver.
func (c *Claim) Name() string { return "helmward" }

// Create writes the claim.
func (c *Claim) Create(_ string, given helmrelease.Releaser) (err error) {
	defer rescue(&err)
	rel, err := v1(given)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(rel)
}

// Update records the claim's status. The SDK also "updates" the revision
// before: to the status it has, or to superseded, which is done in its place.
func (c *Claim) Update(_ string, given helmrelease.Releaser) (err error) {
	defer rescue(&err)
	rel, err := v1(given)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record(rel)
}

// Delete purges one revision; only an uninstall asks for it.
func (c *Claim) Delete(key string) (_ helmrelease.Releaser, err error) {
	defer rescue(&err)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, record := range c.known {
		if secretName(c.Secrets.Name, record.Stamp.Revision) != key {
			continue
		}
		if err := c.Secrets.remove(c.Call.Context(), record.Stamp); err != nil {
			return nil, fmt.Errorf("purge revision %d: %w", record.Stamp.Revision, err)
		}
		return record.Release, nil
	}
	return nil, driver.ErrReleaseNotFound
}

// Get answers from what the action read before.
func (c *Claim) Get(key string) (helmrelease.Releaser, error) {
	for _, record := range slices.Concat([]*Record{c.target}, c.known, []*Record{c.deployed}) {
		if record != nil && secretName(c.Secrets.Name, record.Stamp.Revision) == key {
			return record.Release, nil
		}
	}
	return nil, driver.ErrReleaseNotFound
}

// List answers from what the action read before.
func (c *Claim) List(keep func(helmrelease.Releaser) bool) ([]helmrelease.Releaser, error) {
	var found []helmrelease.Releaser
	for _, record := range c.known {
		if record != nil && keep(record.Release) {
			found = append(found, record.Release)
		}
	}
	return found, nil
}

// Query answers from what the action read before.
func (c *Claim) Query(labels map[string]string) ([]helmrelease.Releaser, error) {
	known := c.known
	switch {
	case labels["status"] == "deployed":
		known = []*Record{c.deployed}
	case c.target != nil:
		return c.past(), nil
	}
	var found []helmrelease.Releaser
	for _, record := range known {
		if record != nil {
			found = append(found, record.Release)
		}
	}
	if len(found) == 0 {
		return nil, driver.ErrReleaseNotFound
	}
	return found, nil
}

func v1(given helmrelease.Releaser) (*release.Release, error) {
	switch rel := given.(type) {
	case *release.Release:
		return rel, nil
	case release.Release:
		return &rel, nil
	default:
		return nil, errors.New("a release of an unknown generation")
	}
}

// rescue turns a panic into an error: the SDK calls from goroutines of its
// own, where a panic would end the process.
func rescue(err *error) {
	if problem := recover(); problem != nil {
		*err = fmt.Errorf("internal error in storage: %v", problem)
	}
}
