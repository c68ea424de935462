package dockerd

import (
	"context"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Spec is a container to run.
type Spec struct {
	Name   string
	Labels map[string]string
	Env    []string
	Check  bool // with a health check, every 200 ms
	Host   bool // in the network of the machine
}

// Run runs a container until the end of the test, and returns its id.
func (d *Daemon) Run(t testing.TB, s Spec) string {
	t.Helper()
	o := client.ContainerCreateOptions{
		Name: s.Name, Config: &container.Config{Image: Image, Labels: s.Labels, Env: append(s.Env, "NAME="+s.Name)},
		HostConfig: &container.HostConfig{NetworkMode: Network},
	}
	if s.Host {
		o.HostConfig.NetworkMode = "host"
	} else {
		o.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{Network: {}}}
	}
	if s.Check {
		o.Config.Healthcheck = &container.HealthConfig{
			Test: []string{"CMD", "/app", "check"}, Interval: 200 * time.Millisecond, Timeout: time.Minute, Retries: 1, // a busy machine takes seconds for one
		}
	}
	c, err := d.ContainerCreate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove(c.ID) })
	if _, err := d.ContainerStart(t.Context(), c.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// Remove removes a container by force.
func (d *Daemon) Remove(id string) {
	_, _ = d.ContainerRemove(context.Background(), id, client.ContainerRemoveOptions{Force: true}) // it may be gone
}

// Stop has a container stop gracefully.
func (d *Daemon) Stop(t testing.TB, id string) {
	t.Helper()
	wait := 10
	if _, err := d.ContainerStop(context.Background(), id, client.ContainerStopOptions{Timeout: &wait}); err != nil {
		t.Error(err)
	}
}

// Slay kills a container by SIGKILL.
func (d *Daemon) Slay(t testing.TB, id string) {
	t.Helper()
	if _, err := d.ContainerKill(context.Background(), id, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		t.Error(err)
	}
}
