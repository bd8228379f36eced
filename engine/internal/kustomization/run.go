package kustomization

import (
	"errors"
	"fmt"
	"path"
	"slices"

	yaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// mount is where the library finds the root of the repository.
const mount = "/git"

// run has the library build a folder.
//
// Files may be referred to wherever they lie in the repository; the library's
// own limit to a kustomization's folder guards disks, and here is none.
func run(files map[string][]byte, folder string) (built []Built, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			built, err = nil, errors.New("kustomize broke down at it, which is a fault of its own")
		}
	}()
	disk, asked, err := load(files, folder)
	if err != nil {
		return nil, err
	}
	options := &krusty.Options{
		Reorder:          krusty.ReorderOptionUnspecified,
		LoadRestrictions: types.LoadRestrictionsNone,
		PluginConfig:     types.DisabledPluginConfig(),
	}
	objects, err := krusty.MakeKustomizer(options).Run(disk, path.Join(mount, folder))
	if err != nil {
		return nil, err
	}
	return collect(objects, folder, asked)
}

// load lays out the files, the first kustomization told to note origins. It
// says whether that was asked for anyway.
func load(files map[string][]byte, folder string) (disk filesys.FileSystem, asked bool, err error) {
	disk = filesys.MakeFsInMemory()
	for name, content := range files {
		if path.Dir(name) == folder && slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name)) {
			if content, asked, err = withOrigins(content); err != nil {
				return nil, false, err
			}
		}
		if err := disk.WriteFile(path.Join(mount, name), content); err != nil {
			return nil, false, fmt.Errorf("lay out %s: %w", name, err)
		}
	}
	return disk, asked, nil
}

// withOrigins adds to buildMetadata that the origin of objects is wanted; all
// else stays as it is written.
func withOrigins(content []byte) ([]byte, bool, error) {
	k, document := &types.Kustomization{}, &yaml.Node{}
	if err := errors.Join(k.Unmarshal(content), yaml.Unmarshal(content, document)); err != nil {
		return nil, false, err
	}
	top := behind(document)
	if slices.Contains(k.BuildMetadata, types.OriginAnnotations) || top == nil || top.Kind != yaml.MappingNode {
		return content, true, nil
	}
	wanted := &yaml.Node{}
	if err := wanted.Encode(append(k.BuildMetadata, types.OriginAnnotations)); err != nil {
		return nil, false, err
	}
	if old := field(top, "buildMetadata"); old != nil {
		*old = *wanted
	} else {
		top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "buildMetadata"}, wanted)
	}
	changed, err := yaml.Marshal(document)
	return changed, false, err
}

func collect(objects resmap.ResMap, folder string, asked bool) ([]Built, error) {
	origins := make([]string, 0, objects.Size())
	for _, object := range objects.Resources() {
		origins = append(origins, originOf(object, folder))
	}
	if !asked {
		if err := objects.RemoveOriginAnnotations(); err != nil {
			return nil, err
		}
	}
	built, size := make([]Built, 0, len(origins)), 0
	for i, object := range objects.Resources() {
		content, err := object.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", object.CurId(), err)
		}
		if size += len(content) + len(origins[i]); size > mostOutput {
			return nil, tooLarge(folder, "is built to more than %d bytes", mostOutput)
		}
		built = append(built, Built{content, origins[i]})
	}
	return built, nil
}

// originOf is the file of an object, or the kustomization that generated it.
func originOf(object *resource.Resource, folder string) string {
	origin, err := object.GetOrigin()
	if err != nil || origin == nil {
		return ""
	}
	if origin.ConfiguredIn != "" {
		return path.Join(folder, origin.ConfiguredIn)
	}
	return path.Join(folder, origin.Path)
}
