package plane

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// furnish gives the plane its nodes and its storage class, unless an earlier run did.
func furnish(ctx context.Context, client kubernetes.Interface, nodes int, version string) error {
	_, err := client.StorageV1().StorageClasses().Create(ctx, storageClass(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the storage class: %w", err)
	}
	return createNodes(ctx, client, nodes, version)
}

// storageClass is the default one; its volumes are provided by a stage of kwok.
func storageClass() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "devplane",
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner: "devplane.helmward.dev/volume",
	}
}

// createNodes registers the nodes as kubelets would; kwok then keeps them alive.
func createNodes(ctx context.Context, client kubernetes.Interface, count int, version string) error {
	for number := 1; number <= count; number++ {
		node := node(number, version)
		_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			err = readdress(ctx, client, node)
		}
		if err != nil {
			return fmt.Errorf("creating a node: %w", err)
		}
	}
	return nil
}

// readdress gives a node of an earlier run the addresses that it has today.
func readdress(ctx context.Context, client kubernetes.Interface, node *corev1.Node) error {
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"addresses": node.Status.Addresses}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().PatchStatus(ctx, node.Name, patch)
	return err
}

// logAddress is the type of the address at which the API server finds a node's
// kubelet, which is kwok on this machine. The others are for show.
const logAddress = corev1.NodeInternalDNS

func node(number int, version string) *corev1.Node {
	name := fmt.Sprintf("node-%d", number)
	address := fmt.Sprintf("192.0.2.%d", 10+number)
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname:   name,
			corev1.LabelOSStable:   "linux",
			corev1.LabelArchStable: "amd64",
		}},
		Status: corev1.NodeStatus{
			Capacity:    plenty(),
			Allocatable: plenty(),
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: address},
				{Type: corev1.NodeHostName, Address: name},
				{Type: logAddress, Address: "127.0.0.1"},
			},
			NodeInfo: corev1.NodeSystemInfo{
				OperatingSystem: "linux", Architecture: "amd64",
				KubeletVersion: version, ContainerRuntimeVersion: "kwok://0.8.0",
			},
		},
	}
}

func plenty() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1k"),
		corev1.ResourceMemory:           resource.MustParse("4Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		corev1.ResourcePods:             resource.MustParse("100k"),
	}
}
