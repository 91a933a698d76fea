package detection_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/detection"
	"triward/internal/store"
)

func TestPackLoads(t *testing.T) {
	each(t, func(d *desk) {
		got, err := d.rules.LoadPack(d.ctx)
		d.ok(err)
		d.view(func(ctx context.Context, r store.Reader) error {
			faults, err := detection.Faults(ctx, r)
			if len(faults) > 0 || got.Added < 50 {
				t.Errorf("%+v, faults %v", got, faults)
			}
			return err
		})
		again, err := d.rules.LoadPack(d.ctx)
		d.ok(err)
		if again != (detection.Loaded{Same: got.Added}) {
			t.Errorf("again: %+v", again)
		}
	})
}

func TestFolderNamesItsFaults(t *testing.T) {
	each(t, func(d *desk) {
		dir := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			d.ok(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
			d.ok(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		write("good.yml", "title: Good\nid: 11111111-1111-4111-8111-111111111111\nlogsource:\n  product: medical\ndetection:\n  sel:\n    user: root\n  condition: sel\n")
		write("twice.yml", "title: Twice\nid: 11111111-1111-4111-8111-111111111111\nlogsource:\n  product: medical\ndetection:\n  sel:\n    user: root\n  condition: sel\n")
		write("sub/bad.yml", "title: Bad\nlogsource:\n  product: medical\ndetection:\n  sel:\n    user|nonsense: root\n  condition: sel\n")
		write(".git/config.yml", "not a rule")
		got, err := d.rules.LoadFolder(d.ctx, dir)
		d.ok(err)
		if got.Added != 1 {
			t.Errorf("%+v", got)
		}
		d.view(func(ctx context.Context, r store.Reader) error {
			faults, err := detection.Faults(ctx, r)
			if len(faults) != 2 || !strings.HasPrefix(faults[0].Path, "sub/bad.yml:6") || !strings.HasPrefix(faults[1].Path, "twice.yml:1") {
				t.Errorf("%v", faults)
			}
			return err
		})
	})
}
