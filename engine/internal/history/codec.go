// Package history is Helm's storage in its stock format: one Secret a
// revision, readable and writable by any helm. What it adds is in the
// annotations (who writes, until when) and in how it writes: every write
// carries the uid and resourceVersion that it is based on.
package history

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	secretType = "helm.sh/release.v1"
	namePrefix = "sh.helm.release.v1."
	owner      = "helm"
	// A Secret holds 1 MiB; what Kubernetes adds around the data is not counted.
	largest = 1 << 20
	// What a damaged record may unpack to.
	largestUnpacked = 256 << 20
	// Level 9, which Helm uses, costs 4 ms more and saves nothing that matters.
	level = 6
)

func secretName(release string, revision int) string {
	return namePrefix + release + ".v" + strconv.Itoa(revision)
}

var writers = sync.Pool{New: func() any {
	writer, _ := gzip.NewWriterLevel(io.Discard, level)
	return writer
}}

// encode gives the value of the Secret's key `release`.
func encode(rel *release.Release) ([]byte, error) {
	plain, err := json.Marshal(rel)
	if err != nil {
		return nil, fmt.Errorf("encode revision %d: %w", rel.Version, err)
	}
	var packed bytes.Buffer
	writer := writers.Get().(*gzip.Writer)
	defer writers.Put(writer)
	writer.Reset(&packed)
	if _, err := writer.Write(plain); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	encoded := make([]byte, base64.StdEncoding.EncodedLen(packed.Len()))
	base64.StdEncoding.Encode(encoded, packed.Bytes())
	if len(encoded) > largest {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"the record of the release is %d KiB and a Secret holds 1024 KiB: the chart carries too many or too large files",
			len(encoded)>>10)
	}
	return encoded, nil
}

// decode reads what any helm wrote.
func decode(value []byte) (*release.Release, error) {
	packed, err := base64.StdEncoding.DecodeString(string(value))
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	plain := packed
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b, 0x08}) {
		if plain, err = unpack(packed); err != nil {
			return nil, err
		}
	}
	rel := &release.Release{}
	if err := json.Unmarshal(plain, rel); err != nil {
		return nil, fmt.Errorf("not a release: %w", err)
	}
	if rel.Info == nil || rel.Name == "" {
		return nil, errors.New("not a release: it has no name or no info")
	}
	return rel, nil
}

func unpack(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("not gzip: %w", err)
	}
	defer reader.Close()
	plain, err := io.ReadAll(io.LimitReader(reader, largestUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("broken gzip: %w", err)
	}
	if len(plain) > largestUnpacked {
		return nil, errors.New("it unpacks to more than 256 MiB")
	}
	return plain, nil
}

// labels are Helm's, over those that the user gave the release.
func labels(rel *release.Release, stamp string, now int64) map[string]string {
	all := map[string]string{}
	for name, value := range rel.Labels {
		all[name] = value
	}
	all["name"] = rel.Name
	all["owner"] = owner
	all["status"] = rel.Info.Status.String()
	all["version"] = strconv.Itoa(rel.Version)
	all[stamp] = strconv.FormatInt(now, 10)
	return all
}

// ownLabels are those the user gave the release.
func ownLabels(all map[string]string) map[string]string {
	own := map[string]string{}
	for name, value := range all {
		own[name] = value
	}
	for _, system := range driver.GetSystemLabels() {
		delete(own, system)
	}
	return own
}

// revisionOf reads the revision off a Secret's labels, or off its name.
func revisionOf(name string, labels map[string]string) int {
	text := labels["version"]
	if at := strings.LastIndex(name, ".v"); text == "" && at >= 0 {
		text = name[at+len(".v"):]
	}
	revision, _ := strconv.Atoi(text)
	return revision
}
