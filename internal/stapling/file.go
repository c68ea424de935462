package stapling

import (
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/headgate/headgate/internal/wholefile"
)

// File is the name of the file in the folder DefaultRuntimeDir.
const File = "ocsp-stapling.json"

// fileVersion counts up when the file's form changes its meaning.
const fileVersion = 1

// mostFile limits the file: there is room for thousands of responses.
const mostFile = 64 << 20

// kept is the file.
type kept struct {
	Version   int                     `json:"version"`
	Responses map[string]keptResponse `json:"responses"` // by place
}

type keptResponse struct {
	Fetched time.Time `json:"fetched"`
	DER     []byte    `json:"der"`
}

// place names a response: the certificate's SHA-256 and the responder.
func place(k key, url string) string { return hex.EncodeToString(k.leaf[:]) + " " + url }

// restored reads the file. One that cannot be read counts as empty.
func (k *Keeper) restored(file string, list []Subject) kept {
	saved := kept{Version: fileVersion, Responses: map[string]keptResponse{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return saved
	}
	if err == nil && len(text) > mostFile {
		err = errors.New("it is too long")
	}
	var found kept
	if err == nil {
		found, err = parse(text)
	}
	if err != nil {
		if len(list) > 0 {
			list[0].Report(Warning, "", fmt.Sprintf("OCSP responses of the time before the start are lost: %s: %v", file, err))
		}
		return saved
	}
	saved.Responses = found.Responses
	return saved
}

func parse(text []byte) (k kept, err error) {
	if err := json.Unmarshal(text, &k); err != nil {
		return k, err
	}
	if k.Version != fileVersion {
		return k, fmt.Errorf("it is of version %d, not %d", k.Version, fileVersion)
	}
	if k.Responses == nil {
		k.Responses = map[string]keptResponse{}
	}
	return k, nil
}

// recall finds for a new entry the response that was kept, if it is still good. It is
// checked like one that has just arrived. k.mu is held.
func (k *Keeper) recall(e *entry, c *tls.Certificate, s Settings) {
	url, err := target(c, s)
	if err != nil {
		return
	}
	r, ok := k.saved.Responses[place(e.key, url)]
	if !ok {
		return
	}
	issuer, err := issuerOf(c)
	if err != nil {
		return
	}
	now := k.now()
	v := judge(r.DER, c.Leaf, issuer, s, now)
	if !v.good {
		return
	}
	e.staple, e.good, e.until = v.staple, true, v.until
	if r.Fetched.After(now) {
		return // a clock was set back: it is requested at once
	}
	e.due = r.Fetched.Add(wait(e, true, r.Fetched))
}

// remember keeps a good response. k.mu is held.
func (k *Keeper) remember(e *entry, url string, now time.Time) {
	if k.saved.Responses == nil {
		k.saved = kept{Version: fileVersion, Responses: map[string]keptResponse{}}
	}
	k.saved.Responses[place(e.key, url)] = keptResponse{now.UTC().Truncate(time.Second), e.staple}
	k.dirty = true
}

// save writes the file if it should have something else: the responses about
// certificates in use. Only run calls it.
func (k *Keeper) save() {
	k.mu.Lock()
	if !k.dirty || k.file == "" {
		k.mu.Unlock()
		return
	}
	k.dirty = false
	used := make(map[string]bool)
	for _, s := range k.subjects {
		url, _ := target(s.Pair.Certificate(), s.Settings)
		used[place(s.entry.key, url)] = true
	}
	for p := range k.saved.Responses {
		if !used[p] {
			delete(k.saved.Responses, p)
		}
	}
	text, err := json.Marshal(k.saved)
	file, report := k.file, Report(nil)
	if len(k.subjects) > 0 {
		report = k.subjects[0].Report
	}
	k.mu.Unlock()
	if err == nil {
		err = wholefile.Replace(file, append(text, '\n'))
	}
	why := ""
	if err != nil {
		why = fmt.Sprintf("OCSP responses cannot be kept for a restart: %v", err)
	}
	if why != "" && why != k.unsaved && report != nil {
		report(Warning, "", why)
	}
	k.unsaved = why
}
