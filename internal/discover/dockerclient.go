package discover

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"time"

	apicontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/labels"
)

// dialDocker makes a client. A daemon at tcp:// is asked with TLS where
// DOCKER_CERT_PATH names the certificates, as by docker's own command.
func dialDocker(address string) (*client.Client, error) {
	opts := []client.Opt{client.WithUserAgent("headgate")}
	if strings.HasPrefix(address, "tcp:") {
		opts = append(opts, client.WithTLSClientConfigFromEnv())
	}
	return client.New(append(opts, client.WithHost(address))...)
}

// Labels that Docker Compose sets.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
	composeOneOff  = "com.docker.compose.oneoff"
)

// unhealthy is the health of a container that is not for new requests.
const unhealthy = "unhealthy"

// container is a container as the daemon lists it.
func container(s *apicontainer.Summary) *labels.Container {
	c := &labels.Container{
		ID: s.ID, Image: s.Image, Created: time.Unix(s.Created, 0).UTC(), Labels: s.Labels, Health: healthOf(s),
		Running: s.State == "running" || s.State == "paused", HostNetwork: s.HostConfig.NetworkMode == "host",
		Project: s.Labels[composeProject], Service: s.Labels[composeService], Addrs: map[string]string{},
	}
	// A container that others link to has more names, below theirs.
	for _, n := range s.Names {
		if n = strings.TrimPrefix(n, "/"); !strings.Contains(n, "/") {
			c.Name = cmp.Or(c.Name, n)
		}
	}
	c.Name = cmp.Or(c.Name, s.ID[:min(len(s.ID), 12)])
	if ascii.EqualFold(s.Labels[composeOneOff], "true") {
		c.Project, c.Service = "", "" // docker compose run: it is not one of the service
	}
	if s.NetworkSettings != nil {
		for name, n := range s.NetworkSettings.Networks {
			switch {
			case n == nil:
			case n.IPAddress.IsValid():
				c.Addrs[name] = n.IPAddress.String()
			case n.GlobalIPv6Address.IsValid():
				c.Addrs[name] = n.GlobalIPv6Address.String()
			}
		}
	}
	for _, p := range s.Ports {
		if p.Type == "tcp" {
			c.Ports = append(c.Ports, p.PrivatePort)
		}
	}
	slices.Sort(c.Ports)
	c.Ports = slices.Compact(c.Ports)
	return c
}

// healthOf returns the state of a container's health check. Daemons before API 1.52
// have it in the text for people only: "Up 5 seconds (health: starting)".
func healthOf(s *apicontainer.Summary) string {
	switch {
	case s.State == "paused":
		return unhealthy
	case s.Health != nil && s.Health.Status != "" && s.Health.Status != "none":
		return string(s.Health.Status)
	case strings.HasSuffix(s.Status, "(healthy)"):
		return "healthy"
	case strings.HasSuffix(s.Status, "(unhealthy)"):
		return unhealthy
	case strings.HasSuffix(s.Status, "(health: starting)"):
		return "starting"
	}
	return ""
}

// ownContainer returns the beginning of the id of the container that this process
// runs in: by default that is its host name. "": it does not look so.
func ownContainer() string {
	name, err := os.Hostname()
	if err != nil || len(name) != 12 || strings.Trim(name, "0123456789abcdef") != "" {
		return ""
	}
	return name
}
