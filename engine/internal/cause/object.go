package cause

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// inJob: the conditions are what the Job controller settled on.
func inJob(job *batchv1.Job) *finding {
	if job == nil {
		return nil
	}
	told := ofJobConditions(job.Status.Conditions)
	if told == nil && job.Spec.Suspend != nil && *job.Spec.Suspend {
		told = tell(unready, "Suspended", "the Job is suspended: it runs once somebody resumes it")
	}
	if told == nil {
		return nil
	}
	told.cause.Object, told.cause.Namespace = "Job/"+job.Name, job.Namespace
	return told
}

func ofJobConditions(conditions []batchv1.JobCondition) *finding {
	for _, each := range conditions {
		// FailureTarget comes first: the pods are still being ended.
		isFailure := each.Type == batchv1.JobFailed || each.Type == batchv1.JobFailureTarget
		if !isFailure || each.Status != corev1.ConditionTrue {
			continue
		}
		reason := each.Reason
		if reason == "" {
			reason = "Failed"
		}
		return tell(broken, reason, each.Message).hopelessIf(true)
	}
	return nil
}

// inDeployment: a quota or an admission that lets no pod through is told in a
// condition, and so is that the Deployment itself has given up.
func inDeployment(deployment *appsv1.Deployment) *finding {
	var refused, late *finding
	for _, each := range deployment.Status.Conditions {
		switch {
		case each.Type == appsv1.DeploymentReplicaFailure && each.Status == corev1.ConditionTrue:
			refused = tell(broken, each.Reason, each.Message)
		case each.Type == appsv1.DeploymentProgressing && each.Reason == "ProgressDeadlineExceeded":
			late = tell(unready, each.Reason, each.Message).hopelessIf(true)
		}
	}
	if refused != nil && late != nil {
		return refused.hopelessIf(true)
	}
	return first(refused, late)
}

func inReplicaSet(set *appsv1.ReplicaSet) *finding {
	for _, each := range set.Status.Conditions {
		if each.Type == appsv1.ReplicaSetReplicaFailure && each.Status == corev1.ConditionTrue {
			return tell(broken, each.Reason, each.Message)
		}
	}
	return nil
}

func inClaim(claim *corev1.PersistentVolumeClaim) *finding {
	class := "without a storage class"
	if name := claim.Spec.StorageClassName; name != nil && *name != "" {
		class = "of storage class " + *name
	}
	switch claim.Status.Phase {
	case corev1.ClaimBound:
		return nil
	case corev1.ClaimLost:
		return tell(broken, "Lost", "its volume does not exist any more").hopelessIf(true)
	default:
		return tell(starting, "Unbound", fmt.Sprintf("no volume %s is bound to it", class))
	}
}

func inService(service *corev1.Service) *finding {
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer || len(service.Spec.ExternalIPs) > 0 ||
		len(service.Status.LoadBalancer.Ingress) > 0 {
		return nil
	}
	return tell(starting, "NoLoadBalancer", "no load balancer was given to it yet")
}

// inAny reads what every kind has: conditions, by the rules of kstatus.
func inAny(object *unstructured.Unstructured) *finding {
	result, err := status.Compute(object)
	if err != nil || result.Status == status.CurrentStatus {
		return nil
	}
	rank, reason := starting, string(result.Status)
	for _, each := range result.Conditions {
		if each.Reason != "" {
			reason = each.Reason
		}
	}
	if result.Status == status.FailedStatus {
		rank = broken
	}
	return tell(rank, reason, result.Message)
}
