package server_test

import (
	"testing"

	"github.com/headgate/headgate/internal/server"
)

func TestLogDelay(t *testing.T) {
	for _, row := range []struct {
		text string
		ok   bool
	}{{"", true}, {"1ms", true}, {"1m", true}, {"0", false}, {"20", false}, {"61s", false}, {"-1s", false}, {"soon", false}} {
		t.Setenv(server.EnvLogDelay, row.text)
		if _, err := server.LogDelay(); (err == nil) != row.ok {
			t.Errorf("%s=%q: %v", server.EnvLogDelay, row.text, err)
		}
	}
}
