package kustomization

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// contains says whether a folder is another one or above it.
func contains(folder, other string) bool {
	return folder == "." || folder == other || strings.HasPrefix(other, folder+"/")
}

func (t *tree) resolve(folder string, one reference) (string, error) {
	switch {
	case one.target == "":
		return "", errors.New("is empty")
	case t.fetched(folder, one):
		return "", fmt.Errorf("remote base %q is not fetched: put it into the repository", shown(one.entry))
	case path.IsAbs(one.target):
		return "", fmt.Errorf("%q is an absolute path; write it from the kustomization's folder", one.entry)
	}
	target := path.Join(folder, one.target)
	_, isFile := t.files[target]
	isFolder := t.folders[target]
	switch {
	case !inside(target):
		return "", fmt.Errorf("%q leads out of the repository", one.entry)
	case !isFile && !isFolder:
		return "", fmt.Errorf("%q is not there", one.entry)
	case isFile && one.what == folderOnly:
		return "", fmt.Errorf("%q is a file; a folder with a kustomization.yaml is wanted", one.entry)
	case isFolder && !one.mayBeFolder():
		return "", fmt.Errorf("%q is a folder; a file is wanted", one.entry)
	}
	return target, nil
}

// fetched says whether the library would ask the web: for files by their scheme
// alone, for what may be a repository by anything that looks like one.
func (t *tree) fetched(folder string, one reference) bool {
	if scheme(one.target) || scheme(one.entry) {
		return true
	}
	_, isFile := t.files[path.Join(folder, one.target)]
	return !isFile && one.mayBeFolder() && remote(one.target)
}

// shown leaves out what an address may say of a login.
func shown(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		scheme, rest = "", address
	}
	host, tail, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = "***" + host[at:]
	}
	tail, _, _ = strings.Cut(tail, "?")
	if found {
		scheme += "://"
	}
	return strings.TrimSuffix(scheme+host+"/"+tail, "/")
}
