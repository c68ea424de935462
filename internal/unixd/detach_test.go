package unixd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDetach(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ role, err, log string }{
		{"serve", "", `leader=true announced=""`},
		{"fail", "could not bind to address [::]:80", "to the log"},
		{"die", "ended before it served: exit status 3 (see LOG)", ""},
	} {
		log := filepath.Join(t.TempDir(), "log")
		ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
		pid, err := Detach(ctx, []string{exe}, append(os.Environ(), envRole+"="+tt.role), log, nil)
		stop()
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), log, "LOG")
		}
		text, _ := os.ReadFile(log)
		if got != tt.err || strings.TrimSpace(string(text)) != tt.log || (err == nil) != (pid > 0) {
			t.Errorf("%s: pid %d, error %q, log %q", tt.role, pid, got, text)
		}
	}
}

func TestDetachInTime(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err = Detach(ctx, []string{exe}, append(os.Environ(), envRole+"=hang"), "", nil)
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "did not serve in time") {
		t.Error(err)
	}
}

func TestDetachNothing(t *testing.T) {
	for _, argv := range [][]string{nil, {"/no/such/program"}} {
		if _, err := Detach(context.Background(), argv, nil, "", nil); err == nil {
			t.Error(argv)
		}
	}
	if _, err := Detach(context.Background(), []string{"x"}, nil, "/no/such/dir/log", nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestReadinessFromEnv(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"", "<nil>"},
		{"x", envReady + `: bad descriptor "x"`},
		{"1", envReady + `: bad descriptor "1"`},
	} {
		r, err := ReadinessFromEnv(func(string) string { return tt.value }, func(string) error { return nil })
		if r != nil || fmt.Sprint(err) != tt.want {
			t.Errorf("%q: %v %v", tt.value, r, err)
		}
		if err := errors.Join(r.Ready(), r.Fail(errors.New("x"))); err != nil {
			t.Error(err)
		}
	}
}
