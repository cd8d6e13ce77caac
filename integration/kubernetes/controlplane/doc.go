// Package controlplane starts a real etcd and a real kube-apiserver on the loopback interface, for tests. There is no kubelet,
// no scheduler and no controller: objects are stored, validated, authorized, listed and watched, and nothing else happens to
// them. Endpoints and EndpointSlices are what the test writes; a pod runs when the test says so in its status.
//
// The nouns: a ControlPlane is a running pair of the two, with an authority (CA) of its own and a client certificate of an
// administrator. The programs are built by build.sh in the folder above, which Programs asks where they are.
//
// A program that can't be found is an error that says how to get it. What was started is killed when the process that started
// it ends, in whatever way (on Linux).
package controlplane
