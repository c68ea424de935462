package pages

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/headgate/headgate/internal/testkit"
)

// browser is a page of a real browser.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// openBrowser starts a headless Chromium; without one the test is skipped. scripts
// says whether pages may run theirs.
func openBrowser(t *testing.T, scripts bool) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil && path == "" {
			path = p
		}
	}
	if path == "" {
		testkit.SkipPeer(t, "no Chromium installed (scripts/install-peers installs one)")
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(time.Minute))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
	})
	b := &browser{t: t, ctx: ctx}
	b.must(chromedp.Do(ctx, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})))
	return b
}

// call is an action that is one command of the protocol.
func call[P, R any](c cdp.Command[P, R], p P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, p)
		return err
	})
}

// must fails the test with what is on the page.
func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.text("body"))
	}
}

// step is a context for one step, which must end within a minute.
func (b *browser) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, time.Minute)
}

// do runs actions.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.step()
	defer cancel()
	b.must(chromedp.Do(ctx, actions...))
}

// run runs a piece of JavaScript.
func (b *browser) run(js string) { b.is("(" + js + ", true)") }

// text returns what a reader sees of the first element that a selector matches, ""
// without one.
func (b *browser) text(selector string) string {
	ctx, cancel := b.step()
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`(document.querySelector(`+quote(selector)+`) || {innerText: ""}).innerText`))
	return text
}

// is evaluates a condition.
func (b *browser) is(js string) bool {
	b.t.Helper()
	ctx, cancel := b.step()
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+js+")"))
	b.must(err)
	return ok
}

// wait waits until a condition holds. While a page is being loaded it does not.
func (b *browser) wait(what, js string) {
	b.t.Helper()
	testkit.Eventually(b.t, what, func() bool {
		ctx, cancel := b.step()
		defer cancel()
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+js+")"))
		return err == nil && ok
	})
}

// picture keeps a picture of the page, of all of it with full, in the folder that
// SCREENSHOTS names.
func (b *browser) picture(name string, width, height int64, dark bool) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do(chromedp.EmulateViewport(width, height), call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	b.must(err)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
