package history

import (
	chart "helm.sh/helm/v4/pkg/chart/v2"

	"helmward.dev/engine/internal/charts"
)

// LendValues gives the SDK copies of the revisions known whose values it may mix
// into others: it writes into those that it reuses. What is stored again later,
// and what the cache holds, stays as it was.
func (c *Claim) LendValues() {
	for i, record := range c.known {
		c.known[i] = c.lent(record)
	}
	c.deployed = c.lent(c.deployed)
}

func (c *Claim) lent(record *Record) *Record {
	if record == nil {
		return nil
	}
	c.untouched = append(c.untouched, record)
	rel := own(record.Release)
	rel.Config = charts.CloneValues(rel.Config)
	if rel.Chart != nil {
		copied := new(chart.Chart)
		*copied = *rel.Chart
		copied.Values = charts.CloneValues(copied.Values)
		rel.Chart = copied
	}
	return &Record{record.Stamp, rel}
}
