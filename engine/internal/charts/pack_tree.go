package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// treeOf is a digest of a chart's files, its dependencies' counted in: the same
// for the same content, whenever, wherever and however it was packed.
func treeOf(c *chart.Chart) string {
	files := slices.Clone(c.Raw)
	slices.SortFunc(files, func(a, b *common.File) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	for _, file := range files {
		_, _ = fmt.Fprintf(sum, "%s\x00%x\n", file.Name, sha256.Sum256(file.Data))
	}
	return ofTree + ":" + hex.EncodeToString(sum.Sum(nil))
}

// archived packs files for the store.
func archived(files []*buffered.BufferedFile) ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	tarred := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Name: "chart/" + file.Name, Mode: 0o644, Size: int64(len(file.Data)), Typeflag: tar.TypeReg}
		if err := tarred.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", file.Name, err)
		}
		if _, err := tarred.Write(file.Data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", file.Name, err)
		}
	}
	if err := tarred.Close(); err != nil {
		return nil, fmt.Errorf("pack the chart: %w", err)
	}
	if err := zipped.Close(); err != nil {
		return nil, fmt.Errorf("pack the chart: %w", err)
	}
	return packed.Bytes(), nil
}
