package rendition_test

import (
	"image"
	"testing"
)

// readQR reads a QR code of version 1 to 6 at level M in byte mode (ISO/IEC 18004 7 and 8), without correcting errors: it was
// written from the standard, to be independent of the library that writes codes.
func readQR(t *testing.T, img image.Image) string {
	t.Helper()
	const quiet, scale = 4, 4
	size := img.Bounds().Dx()/scale - 2*quiet
	version := (size - 17) / 4
	if version < 1 || version > 6 || size != 17+4*version {
		t.Fatalf("a code of %d modules", size)
	}
	dark := func(row, column int) bool {
		r, _, _, _ := img.At((column+quiet)*scale+1, (row+quiet)*scale+1).RGBA()
		return r == 0
	}
	bit := func(row, column int) int {
		if dark(row, column) {
			return 1
		}
		return 0
	}
	format := 0
	for _, at := range [][2]int{{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4}} {
		format = format<<1 | bit(at[0], at[1])
	}
	format ^= 0b10101
	if format>>3 != 0 {
		t.Fatalf("error correction %02b is not M", format>>3)
	}
	flipped := masks[format&7]
	var words []byte
	n, current := 0, 0
	up := true
	for right := size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range size {
			row := i
			if up {
				row = size - 1 - i
			}
			for _, column := range []int{right, right - 1} {
				if function(version, size, row, column) {
					continue
				}
				v := bit(row, column)
				if flipped(row, column) {
					v ^= 1
				}
				if current, n = current<<1|v, n+1; n == 8 {
					words, n, current = append(words, byte(current)), 0, 0
				}
			}
		}
		up = !up
	}
	blocks, each := []int{1, 1, 1, 2, 2, 4}[version-1], []int{16, 28, 44, 32, 43, 27}[version-1]
	var data []byte
	for b := range blocks {
		for i := range each {
			data = append(data, words[i*blocks+b])
		}
	}
	if data[0]>>4 != 0b0100 {
		t.Fatalf("mode %04b is not bytes", data[0]>>4)
	}
	length := int(data[0]&0xf)<<4 | int(data[1]>>4)
	var out []byte
	for i := range length {
		out = append(out, data[i+1]<<4|data[i+2]>>4)
	}
	return string(out)
}

// function tells modules that hold no data: finders with their format, timing, alignment.
func function(version, size, row, column int) bool {
	if row < 9 && column < 9 || row < 9 && column >= size-8 || row >= size-8 && column < 9 || row == 6 || column == 6 {
		return true
	}
	center := 4*version + 10
	return version > 1 && row >= center-2 && row <= center+2 && column >= center-2 && column <= center+2
}

var masks = []func(i, k int) bool{
	func(i, k int) bool { return (i+k)%2 == 0 },
	func(i, _ int) bool { return i%2 == 0 },
	func(_, k int) bool { return k%3 == 0 },
	func(i, k int) bool { return (i+k)%3 == 0 },
	func(i, k int) bool { return (i/2+k/3)%2 == 0 },
	func(i, k int) bool { return i*k%2+i*k%3 == 0 },
	func(i, k int) bool { return (i*k%2+i*k%3)%2 == 0 },
	func(i, k int) bool { return ((i+k)%2+i*k%3)%2 == 0 },
}
