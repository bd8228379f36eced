package drift

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Author finds the entry of who owns a field now, of several the last; nil where
// it is nobody's. Whoever is `us` is not asked about.
func Author(entries []metav1.ManagedFieldsEntry, one Change, us func(metav1.ManagedFieldsEntry) bool) *metav1.ManagedFieldsEntry {
	var found *metav1.ManagedFieldsEntry
	for i := range entries {
		entry := &entries[i]
		if us(*entry) || !read(*entry).Has(one.at) {
			continue
		}
		if found == nil || entry.Time != nil && (found.Time == nil || found.Time.Before(entry.Time)) {
			found = entry
		}
	}
	return found
}
