# manual.awk: the settings in a manual page's form, from what --help prints.
function plain(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}
/^Settings:/ { settings = 1; next }
!settings || /^$/ { next }
/^  --/ { sub(/^ +/, ""); sub(/ +$/, ""); print ".TP"; print ".B " plain($0); next }
/^      default:/ { sub(/^ +/, ""); print ".br"; print plain($0); next }
{ sub(/^ +/, ""); sub(/^[.']/, "\\\\\\&&"); print plain($0) }
