package charts

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/oci"
)

const mostTagLists = 1000

var (
	digestShape = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	tagShape    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

// tagList is what a place has, and since when that is known.
type tagList struct {
	tags []string
	at   time.Time
}

func isDigest(version string) bool { return digestShape.MatchString(version) }

// tagOf is how a version is written as a tag, which knows no plus.
func tagOf(version string) string { return strings.ReplaceAll(version, "+", "_") }

func versionOf(tag string) string { return strings.ReplaceAll(tag, "_", "+") }

// isRange says whether a version is to be looked for among all tags: all that
// is no full version, and can be read as a range.
func isRange(version string) bool {
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(version, "v")); err == nil {
		return false
	}
	_, err := rangeOf(version)
	return err == nil
}

func rangeOf(version string) (*semver.Constraints, error) {
	if version == "" {
		version = "*"
	}
	return semver.NewConstraint(version)
}

func checkVersion(version string) error {
	if isDigest(version) || isRange(version) || tagShape.MatchString(tagOf(version)) {
		return nil
	}
	return failure.New(pb.Failure_INVALID,
		"chart version %q is neither a version, a range, a tag nor a digest (sha256: and 64 digits)", version)
}

// pointed is the digest of the manifest that the wanted version has now.
func (s *Source) pointed(ctx context.Context, in *inRegistry) (string, error) {
	version := in.want.Version
	if isDigest(version) {
		return version, nil
	}
	if !isRange(version) {
		digest, err := in.Points(ctx, tagOf(version))
		if !errors.Is(err, oci.ErrAbsent) {
			return digest, err
		}
	}
	tag, err := s.chosenTag(ctx, in)
	if err != nil {
		return "", err
	}
	digest, err := in.Points(ctx, tag)
	if errors.Is(err, oci.ErrAbsent) {
		return "", failure.New(pb.Failure_CHART_NOT_FOUND, "%s has lost its tag %s just now", in.Address(), tag)
	}
	return digest, err
}

// chosenTag is the newest tag in range. A list that is not quite new is asked
// for again before the answer is no.
func (s *Source) chosenTag(ctx context.Context, in *inRegistry) (string, error) {
	list, err := s.tagsOf(ctx, in, in.want.Oldest)
	if err != nil {
		return "", err
	}
	tag, found := newest(list.tags, in.want.Version)
	if !found && time.Since(list.at) > lookAgainAfter {
		if list, err = s.tagsOf(ctx, in, 0); err != nil {
			return "", err
		}
		tag, found = newest(list.tags, in.want.Version)
	}
	if !found {
		return "", noTag(in, list.tags)
	}
	return tag, nil
}

func (s *Source) tagsOf(ctx context.Context, in *inRegistry, oldest time.Duration) (tagList, error) {
	key := in.what.repository + " " + in.what.access
	s.registries.mu.Lock()
	known, found := s.registries.tags[key]
	s.registries.mu.Unlock()
	if found && time.Since(known.at) <= oldest {
		return known, nil
	}
	// Whoever comes meanwhile shares the list; each who is here has a deadline.
	list, err, _ := s.flight.Do("oci tags "+key, func() (any, error) { return s.askTags(ctx, in, key) })
	if err != nil {
		return tagList{}, err
	}
	return list.(tagList), nil
}

func (s *Source) askTags(ctx context.Context, in *inRegistry, key string) (tagList, error) {
	s.IndexRequests.Add(1)
	tags, err := in.Tags(ctx)
	if err != nil {
		return tagList{}, err
	}
	fresh := tagList{tags, time.Now()}
	s.registries.mu.Lock()
	defer s.registries.mu.Unlock()
	if len(s.registries.tags) >= mostTagLists {
		clear(s.registries.tags)
	}
	s.registries.tags[key] = fresh
	return fresh, nil
}

// newest is the tag that is written like the version, else the newest in range.
func newest(tags []string, version string) (string, bool) {
	if version != "" && slices.Contains(tags, tagOf(version)) {
		return tagOf(version), true
	}
	wanted, err := rangeOf(version)
	if err != nil {
		return "", false
	}
	for _, one := range versionsIn(tags) {
		if wanted.Check(one.version) {
			return one.tag, true
		}
	}
	return "", false
}

type tagged struct {
	tag     string
	version *semver.Version
}

// versionsIn leaves out tags that are no version; the newest is first.
func versionsIn(tags []string) []tagged {
	found := make([]tagged, 0, len(tags))
	for _, tag := range tags {
		if version, err := semver.NewVersion(versionOf(tag)); err == nil {
			found = append(found, tagged{tag, version})
		}
	}
	slices.SortStableFunc(found, func(a, b tagged) int { return b.version.Compare(a.version) })
	return found
}

func noTag(in *inRegistry, tags []string) error {
	what := "no version " + in.want.Version
	if in.want.Version == "" {
		what = "no stable version"
	}
	versions := versionsIn(tags)
	if len(versions) == 0 {
		return failure.New(pb.Failure_CHART_NOT_FOUND, "chart %q in %s has %s, and no version at all",
			in.want.Name, in.Address(), what)
	}
	names := make([]string, 0, 5)
	for _, one := range versions[:min(5, len(versions))] {
		names = append(names, versionOf(one.tag))
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "chart %q in %s has %s; the newest are %s",
		in.want.Name, in.Address(), what, strings.Join(names, ", "))
}
