package objects

import "time"

// settlingTime is how long a workload must look hopeless without a break: what
// a controller mends at once is no reason to give up.
const settlingTime = 3 * time.Second

// settling remembers since when something has looked hopeless.
type settling map[string]time.Time

// settle is told all that looks hopeless now, and returns what has for long
// enough, or when the first would have.
func (s settling) settle(hopeless []string, now time.Time) (settled string, next time.Time) {
	present := map[string]bool{}
	for _, key := range hopeless {
		present[key] = true
		since, known := s[key]
		if !known {
			since = now
			s[key] = now
		}
		due := since.Add(settlingTime)
		if !now.Before(due) && settled == "" {
			settled = key
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	for key := range s {
		if !present[key] {
			delete(s, key)
		}
	}
	return settled, next
}
