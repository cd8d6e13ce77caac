//go:build linux

package kubernetes

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gonode/integration/beam"
	"gonode/strategy/kubernetes"
)

// podEnv returns the environment of the container of the deployment: what the image says, and what the manifest says after it,
// with the fields of the pod and the keys of secrets (name/key) that are given.
func podEnv(t *testing.T, deployment *unstructured.Unstructured, fields map[string]string) []string {
	t.Helper()
	dockerfile, err := os.ReadFile("../../deploy/Dockerfile")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^ENV (.*)$`).FindSubmatch(dockerfile)
	require.NotNil(t, line)
	env := strings.Fields(string(line[1]))
	known := map[string]string{}
	for _, e := range container(t, deployment)["env"].([]any) {
		e := e.(map[string]any)
		value, ok := e["value"].(string)
		if !ok {
			from := e["valueFrom"].(map[string]any)
			if ref, ok := from["fieldRef"].(map[string]any); ok {
				value = fields[ref["fieldPath"].(string)]
			} else {
				ref := from["secretKeyRef"].(map[string]any)
				value = fields[ref["name"].(string)+"/"+ref["key"].(string)]
			}
			require.NotEmpty(t, value, "%v", from)
		}
		for name, v := range known {
			value = strings.ReplaceAll(value, "$("+name+")", v)
		}
		known[e["name"].(string)] = value
		env = append(env, e["name"].(string)+"="+value)
	}
	return env
}

// serviceAccountFiles puts into this process' place what a pod finds there.
func serviceAccountFiles(t *testing.T, namespace, account string) {
	t.Helper()
	dir := kubernetes.DefaultServiceAccount
	require.NoError(t, os.MkdirAll(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, text := range map[string]string{
		"token": token(t, namespace, account), "ca.crt": string(cp.Authority), "namespace": namespace,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// TestManifestsRun: the command with the arguments, the variables, the configuration and the service account of the manifests
// finds an Erlang node through the API server and joins it, and the probes see how it is.
func TestManifestsRun(t *testing.T) {
	const release = "27"
	ns, all := deployed(t)
	deployment, ips := find(t, all, "Deployment"), []string{"10.244.7.1", "10.244.7.2"}
	p := newPods(t, release, ips...)
	erlang := beam.Start(t, beam.Options{Release: release, Name: "gonode@" + ips[1], Cookie: cookie, EPMDPort: p.epmds[1].Port})
	serviceAccountFiles(t, ns, find(t, all, "ServiceAccount").GetName())

	dir := t.TempDir()
	for name, text := range field[map[string]any](t, find(t, all, "ConfigMap"), "data") {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text.(string)), 0o600))
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "gonode"), "gonode/cmd/gonode").CombinedOutput()
	require.NoError(t, err, "%s", out)
	server, err := url.Parse(cp.URL)
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(dir, "gonode"))
	for _, arg := range container(t, deployment)["args"].([]any) {
		cmd.Args = append(cmd.Args, strings.ReplaceAll(arg.(string), "/etc/gonode", dir))
	}
	cmd.Env = append(podEnv(t, deployment, map[string]string{"status.podIP": ips[0], "gonode-cookie/cookie": cookie}),
		"KUBERNETES_SERVICE_HOST="+server.Hostname(), "KUBERNETES_SERVICE_PORT="+server.Port(),
		fmt.Sprintf("ERL_EPMD_PORT=%d", p.epmds[0].Port), // the pods share this network namespace
		"GONODE_MIN_MEMBERS=1")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})

	probe(t, deployment, "livenessProbe", ips[0], 200)
	probe(t, deployment, "readinessProbe", ips[0], 503)
	apply(t, "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: gonode-x, namespace: %s, labels: "+
		"{kubernetes.io/service-name: gonode}}, addressType: IPv4, endpoints: [{addresses: [%s]}, {addresses: [%s]}]}", ns, ips[0], ips[1])
	sees(t, erlang, "['gonode@"+ips[0]+"']")
	probe(t, deployment, "readinessProbe", ips[0], 200)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
	sees(t, erlang, "[]")
}

// probe waits until a probe of the deployment gets an answer with a status.
func probe(t *testing.T, deployment *unstructured.Unstructured, name, ip string, status int) {
	t.Helper()
	c := container(t, deployment)
	get := c[name].(map[string]any)["httpGet"].(map[string]any)
	var port any
	for _, p := range c["ports"].([]any) {
		if p := p.(map[string]any); p["name"] == get["port"] {
			port = p["containerPort"]
		}
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		got := 0
		answer, err := client.Get(fmt.Sprintf("http://%s:%v%s", ip, port, get["path"]))
		if err == nil {
			got = answer.StatusCode
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		if got == status {
			return
		}
		require.Less(t, time.Since(begin), patience, "%s: status %d, error %v, want %d", name, got, err, status)
	}
}
