package cause

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

func aJob(suspended bool, conditions ...batchv1.JobCondition) *batchv1.Job {
	job := &batchv1.Job{Spec: batchv1.JobSpec{Suspend: &suspended}}
	job.Name, job.Namespace = "migrate", "shop"
	job.Status.Conditions = conditions
	return job
}

func TestWhyAJobFailed(t *testing.T) {
	says := func(kind batchv1.JobConditionType, status corev1.ConditionStatus, reason string) batchv1.JobCondition {
		return batchv1.JobCondition{Type: kind, Status: status, Reason: reason, Message: "the Job says so"}
	}
	rows := []struct {
		name     string
		job      *batchv1.Job
		reason   string
		hopeless bool
	}{
		{"too many pods failed", aJob(false, says(batchv1.JobFailed, corev1.ConditionTrue, "BackoffLimitExceeded")),
			"BackoffLimitExceeded", true},
		{"its own deadline passed", aJob(false, says(batchv1.JobFailed, corev1.ConditionTrue, "DeadlineExceeded")),
			"DeadlineExceeded", true},
		{"it will fail, its pods are being ended",
			aJob(false, says(batchv1.JobFailureTarget, corev1.ConditionTrue, "PodFailurePolicy")), "PodFailurePolicy", true},
		{"it failed and does not say why", aJob(false, says(batchv1.JobFailed, corev1.ConditionTrue, "")), "Failed", true},
		{"somebody suspended it", aJob(true), "Suspended", false},
		{"it runs", aJob(false), "", false},
		{"it did not fail", aJob(false, says(batchv1.JobFailed, corev1.ConditionFalse, "Any")), "", false},
		{"it is done", aJob(false, says(batchv1.JobComplete, corev1.ConditionTrue, "")), "", false},
		{"there is none", nil, "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := OfJob(row.job)
			if (got == nil) != (row.reason == "") {
				t.Fatalf("got %v", got)
			}
			if got.GetReason() != row.reason || got.GetHopeless() != row.hopeless {
				t.Errorf("got %v", got)
			}
			if got != nil && (got.GetObject() != "Job/migrate" || got.GetNamespace() != "shop") {
				t.Errorf("it is blamed on %s in %s", got.GetObject(), got.GetNamespace())
			}
		})
	}
}

func TestWhyADeploymentHasNoPods(t *testing.T) {
	refused := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue,
		Reason: "FailedCreate", Message: "exceeded quota: pods",
	}
	late := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse,
		Reason: "ProgressDeadlineExceeded", Message: "has timed out progressing",
	}
	rows := []struct {
		name       string
		conditions []appsv1.DeploymentCondition
		message    string
		hopeless   bool
	}{
		{"a quota may be raised", []appsv1.DeploymentCondition{refused}, "exceeded quota: pods", false},
		{"it has given up", []appsv1.DeploymentCondition{late}, "has timed out progressing", true},
		{"it has given up on a quota", []appsv1.DeploymentCondition{late, refused}, "exceeded quota: pods", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			deployment := &appsv1.Deployment{}
			deployment.Status.Conditions = row.conditions
			got := inDeployment(deployment)
			if got.cause.GetMessage() != row.message || got.cause.GetHopeless() != row.hopeless {
				t.Errorf("got %v", got.cause)
			}
		})
	}
	if got := inDeployment(&appsv1.Deployment{}); got != nil {
		t.Errorf("without conditions: got %v", got.cause)
	}
}

func TestWhyAClaimOrAServiceIsNotReady(t *testing.T) {
	fast := "fast"
	claim := func(phase corev1.PersistentVolumeClaimPhase) *corev1.PersistentVolumeClaim {
		claim := &corev1.PersistentVolumeClaim{}
		claim.Spec.StorageClassName, claim.Status.Phase = &fast, phase
		return claim
	}
	service := func(kind corev1.ServiceType, addresses ...corev1.LoadBalancerIngress) *corev1.Service {
		service := &corev1.Service{}
		service.Spec.Type, service.Status.LoadBalancer.Ingress = kind, addresses
		return service
	}
	rows := []struct {
		name     string
		got      *finding
		reason   string
		hopeless bool
	}{
		{"a claim without a volume", inClaim(claim(corev1.ClaimPending)), "Unbound", false},
		{"a claim whose volume is gone", inClaim(claim(corev1.ClaimLost)), "Lost", true},
		{"a claim with its volume", inClaim(claim(corev1.ClaimBound)), "", false},
		{"a Service without a load balancer", inService(service(corev1.ServiceTypeLoadBalancer)), "NoLoadBalancer", false},
		{"a Service with one", inService(service(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "192.0.2.1"})),
			"", false},
		{"a Service that needs none", inService(service(corev1.ServiceTypeClusterIP)), "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if (row.got == nil) != (row.reason == "") {
				t.Fatalf("got %v", row.got)
			}
			if row.got != nil && (row.got.cause.GetReason() != row.reason || row.got.cause.GetHopeless() != row.hopeless) {
				t.Errorf("got %v", row.got.cause)
			}
		})
	}
}
