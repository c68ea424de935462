// Package wholefile replaces files: who reads one finds the earlier contents or the new
// ones, never a part.
//
// It imports nothing of this program.
package wholefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts a file with a text in the place of another one. It is on disk when
// Replace returns; after an error the earlier file is unchanged.
func Replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // so that the name is on disk too
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}
