package plane

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// apiServerReady waits until the API server says so itself.
func apiServerReady(ctx context.Context, client kubernetes.Interface) error {
	return eventually(ctx, "the API server", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// accountsReady waits for what the controller manager gives every namespace,
// without which no pod is admitted.
func accountsReady(ctx context.Context, client kubernetes.Interface) error {
	return eventually(ctx, "the default ServiceAccount", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// nodesReady waits until every node is Ready and takes pods.
func nodesReady(ctx context.Context, client kubernetes.Interface) error {
	return eventually(ctx, "the nodes", func(ctx context.Context) error {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, node := range nodes.Items {
			if err := takesPods(&node); err != nil {
				return err
			}
		}
		return nil
	})
}

func takesPods(node *corev1.Node) error {
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("node %s has the taint %s", node.Name, node.Spec.Taints[0].Key)
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("node %s is not Ready", node.Name)
}

const canaryName, canaryNamespace = "devplane-canary", "kube-system"

// podsReady sends one pod the whole way: admission, scheduler, kubelet.
func podsReady(ctx context.Context, client kubernetes.Interface) error {
	pods := client.CoreV1().Pods(canaryNamespace)
	err := eventually(ctx, "a pod to be admitted", func(ctx context.Context) error {
		_, err := pods.Create(ctx, canary(), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // a run before was killed here
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	defer pods.Delete(ctx, canaryName, metav1.DeleteOptions{}) //nolint:errcheck // nothing depends on it
	return eventually(ctx, "a pod to run", func(ctx context.Context) error {
		pod, err := pods.Get(ctx, canaryName, metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = errors.New("it is " + string(pod.Status.Phase))
		}
		return err
	})
}

func canary() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: canaryName},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "canary", Image: "devplane.invalid/canary"}},
		},
	}
}
