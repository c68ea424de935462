package server

import (
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/snapshot"
)

// The states of a server.
const (
	running  = "running"
	stopping = "stopping"
)

// Status describes a running server, for people and for the control socket.
// Slices are never written to again.
type Status struct {
	State      string    `json:"state"` // "running" or "stopping"
	PID        int       `json:"pid"`
	Version    string    `json:"version"`
	Config     string    `json:"config"` // the file
	Since      time.Time `json:"since"`
	Generation uint64    `json:"generation"` // of the configuration; the start's is 1
	Loaded     time.Time `json:"loaded"`     // when that took effect
	LastReload *Outcome  `json:"last_reload,omitempty"`

	Addresses []Address `json:"addresses"`
	Hosts     []string  `json:"hosts"`       // names of the main server and of virtual hosts, each once
	ErrorLogs []string  `json:"error_logs"`  // each once
	Logs      []string  `json:"access_logs"` // each once

	Requests    int `json:"requests"`         // in flight
	Connections int `json:"connections"`      // of clients
	Helper      int `json:"helper,omitempty"` // pid of the privileged helper
}

// Address is one listening address.
type Address struct {
	Listen string `json:"listen"` // "[::]:8080"
	URL    string `json:"url"`    // one that reaches it from this machine
}

// Outcome is how a reload ended.
type Outcome struct {
	At         time.Time `json:"at"`
	OK         bool      `json:"ok"`
	Generation uint64    `json:"generation"`        // the one that runs since
	Error      string    `json:"error,omitempty"`   // one sentence; "" when OK
	Reasons    []string  `json:"reasons,omitempty"` // every diagnostic that forbids it, with its position
	Warnings   []string  `json:"warnings,omitempty"`
}

// Status returns what the server does. It never waits, not even during a stop
// that waits for requests.
func (s *Server) Status() Status {
	s.public.mu.Lock()
	st := s.public.status
	s.public.mu.Unlock()
	st.Requests, st.Connections = s.pipeline.InFlight(), s.engine.Open()
	return st
}

// publish updates the status; the caller holds life.
func (s *Server) publish(edit func(*Status)) {
	s.public.mu.Lock()
	defer s.public.mu.Unlock()
	edit(&s.public.status)
}

// describe fills in the fields that come from a snapshot.
func (s *Server) describe(snap *snapshot.Snapshot) func(*Status) {
	return func(st *Status) {
		st.State, st.PID, st.Version, st.Config = running, os.Getpid(), s.o.Config.Version, s.o.Config.File
		st.Generation, st.Loaded = snap.Generation, snap.Built
		st.Addresses, st.Hosts, st.ErrorLogs, st.Logs = nil, nil, nil, nil
		for _, k := range s.sockets.serving {
			st.Addresses = append(st.Addresses, address(k.group[0].Spec(), k.Addr()))
		}
		for site := range snap.Sites() {
			st.Hosts = append(st.Hosts, site.Name)
		}
		for l := range snap.Logs() {
			if l.Errors {
				st.ErrorLogs = append(st.ErrorLogs, l.Dest)
			} else {
				st.Logs = append(st.Logs, l.Dest)
			}
		}
		for _, list := range []*[]string{&st.Hosts, &st.ErrorLogs, &st.Logs} {
			*list = once(*list)
		}
		if c := s.helper.Load(); c != nil {
			st.Helper = c.PID
		}
	}
}

// once removes repetitions and keeps the order.
func once(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		was := seen[s]
		seen[s] = true
		return was
	})
}

// address formats an address for people.
func address(a listen.Addr, bound net.Addr) Address {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		return Address{Listen: bound.String()}
	}
	if !a.IP.IsValid() || a.IP.IsUnspecified() {
		host = "localhost"
	}
	scheme, usual := "http", 80
	if a.Protocol == "https" {
		scheme, usual = "https", 443
	}
	at := net.JoinHostPort(host, port)
	if port == strconv.Itoa(usual) {
		at = at[:len(at)-len(port)-1]
	}
	return Address{Listen: bound.String(), URL: scheme + "://" + at + "/"}
}
