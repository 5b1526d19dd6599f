#!/usr/bin/env bash
# Walks through the shop's HTTP API as a user would, with nothing but curl.
#
#   bash examples/shop/e2e/walkthrough.sh [URL [MAIL]]      default: http://127.0.0.1:8080
#
# MAIL is the page of the mailbox: `mail` in the ready file, `mail` in what the shop prints at its start. Without it no
# e-mail is read.
#
# Each step prints what it asked and what came; the first surprise ends the walk with exit code 1.
set -euo pipefail

base=${1:-http://127.0.0.1:8080}
mail=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status='' # of the last answer; its head and body lie in $work

fail() {
  echo "FAILED: $*"
  echo "--- status $status"
  cat "$work/head" "$work/body" 2>/dev/null || true
  exit 1
}

# call METHOD PATH [curl arguments]; a path may be a whole URL.
call() {
  local method=$1 path=$2 url=$2
  shift 2
  [[ $path = http://* ]] || url=$base$path
  status=$(curl --silent --show-error --max-time 10 --request "$method" \
    --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' "$@" "$url") ||
    fail "$method $path got no answer"
}

# post PATH JSON [curl arguments]
post() {
  local path=$1 json=$2
  shift 2
  call POST "$path" --header 'content-type: application/json' --data "$json" "$@"
}

# expect STATUS WORDS: the last answer has this status, and a correlation id.
expect() {
  [ "$status" = "$1" ] || fail "expected $1: $2"
  grep --quiet --ignore-case '^x-correlation-id: .' "$work/head" || fail "no correlation id: $2"
  if [ "$status" -ge 400 ]; then
    grep --quiet --ignore-case '^content-type: application/problem+json' "$work/head" || fail "no problem document: $2"
    grep --quiet '"correlation_id":"' "$work/body" || fail "no correlation id in the problem: $2"
  fi
  echo "ok  $status  $2"
}

# field NAME: a text or number member of the last answer.
field() {
  local value
  value=$(sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" "$work/body")
  [ -n "$value" ] || fail "no member $1 in the answer"
  printf '%s' "$value"
}

has_header() {
  grep --quiet --ignore-case "^$1" "$work/head" || fail "no header $1"
}

who="walk-$$-$(date +%s)"
email="$who@example.com"
password="correct horse $who"

echo "--- part 1: register, log in, see yourself ($base)"
call GET /healthz
expect 200 "the shop is well"
grep --quiet '"status":"OK"' "$work/body" || fail "healthz does not say OK"

post /api/v1/register "{\"name\":\"Walker <b>\",\"email\":\"$email\",\"password\":\"$password\"}" \
  --header "x-correlation-id: $who"
expect 201 "registered"
user_id=$(field user_id)
has_header "x-correlation-id: $who"

if [ -n "$mail" ]; then
  echo "--- the welcome e-mail ($mail)"
  for _ in $(seq 80); do
    call GET "$mail?to=$email" --header 'accept: application/json'
    ! grep --quiet '"total":1[^0-9]' "$work/body" || break
    sleep 0.1
  done
  expect 200 "looked into the mailbox"
  [ "$(field total)" = 1 ] || fail "not one e-mail after some 10 s"
  [ "$(field to)" = "$email" ] || fail "another address"
  grep --quiet --fixed-strings '"subject":"Welcome to the shop, Walker <b>"' "$work/body" || fail "another subject"
  [ "$(field correlation_id)" = "$who" ] || fail "not the correlation id of the registration"
  mail_id=$(field id)
  call GET "$mail/$mail_id" --header 'accept: application/json'
  expect 200 "the e-mail itself"
  grep --quiet --fixed-strings '<h1>Welcome, Walker &lt;b&gt;!</h1>' "$work/body" || fail "no greeting in the HTML"
  grep --quiet --fixed-strings '"text":"Welcome, Walker <b>!' "$work/body" || fail "no greeting in the text"
  call GET "$mail/$mail_id" --header 'accept: text/html'
  expect 200 "and for a browser"
  has_header 'content-type: text/html'
  has_header "content-security-policy: default-src 'none'"
  grep --quiet --fixed-strings '<iframe title="HTML" sandbox="" srcdoc=' "$work/body" || fail "the HTML is not in a frame of its own"
  call GET "$mail?page_size=101"
  expect 400 "a page has 100 e-mails at most"
  call GET "$mail/0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d"
  expect 404 "an unknown e-mail"
fi

post /api/v1/register "{\"name\":\"Walker\",\"email\":\"${email^^}\",\"password\":\"$password\"}"
expect 409 "the same e-mail address in capitals is taken"

post /api/v1/register "{\"name\":\"Walker\",\"email\":\"x$email\",\"password\":\"$password\",\"role\":\"admin\"}"
expect 403 "nobody makes themselves admin"

post /api/v1/login "{\"email\":\"$email\",\"password\":\"wrong $password\"}"
expect 401 "a wrong password"
has_header 'www-authenticate: Bearer'
sed 's/"correlation_id":"[^"]*"//' "$work/body" >"$work/wrong"
post /api/v1/login "{\"email\":\"nobody-$email\",\"password\":\"$password\"}"
expect 401 "an unknown e-mail address"
sed 's/"correlation_id":"[^"]*"//' "$work/body" | cmp --silent - "$work/wrong" || fail "the two answers differ"

post /api/v1/login "{\"email\":\"$email\",\"password\":\"$password\"}"
expect 200 "logged in"
has_header 'cache-control: no-store'
access=$(field access_token)
[ "$(field token)" = "$access" ] || fail "token is not access_token"
[ "$(field token_type)" = Bearer ] || fail "token_type is not Bearer"
r0=$(field refresh_token)

call GET /api/v1/me
expect 401 "no token, no profile"
call GET /api/v1/me --header "authorization: Bearer $access"
expect 200 "my profile"
[ "$(field id)" = "$user_id" ] || fail "another id"
[ "$(field email)" = "$email" ] || fail "another e-mail address"
[ "$(field username)" = "$who" ] || fail "another username"
[ "$(field role)" = user ] || fail "another role"

echo "--- refresh: two steps on, then an old token"
post /api/v1/refresh-token "{\"refresh_token\":\"$r0\"}"
expect 200 "refreshed"
has_header 'cache-control: no-store'
r1=$(field refresh_token)
[ "$r1" != "$r0" ] || fail "the refresh token was not replaced"

post /api/v1/refresh-token "{\"refresh_token\":\"$r0\"}"
expect 200 "the one before gets the same successor for a moment"
[ "$(field refresh_token)" = "$r1" ] || fail "two successors"

post /api/v1/refresh-token "{\"refresh_token\":\"$r1\"}"
expect 200 "refreshed again"
access=$(field access_token)
r2=$(field refresh_token)

call GET /api/v1/me --header "authorization: Bearer $access"
expect 200 "my profile, with the new token"

post /api/v1/refresh-token "{\"refresh_token\":\"$r0\"}"
expect 401 "the first token is refused: somebody has a copy"
post /api/v1/refresh-token "{\"refresh_token\":\"$r2\"}"
expect 401 "and the whole family with it"

echo "--- logout"
post /api/v1/login "{\"email\":\"$email\",\"password\":\"$password\"}"
expect 200 "logged in again"
access=$(field access_token)
r0=$(field refresh_token)
post /api/v1/logout "{\"refresh_token\":\"$r0\"}"
expect 401 "logout is for those who are logged in"
post /api/v1/logout "{\"refresh_token\":\"$r0\"}" --header "authorization: Bearer $access"
expect 200 "logged out"
post /api/v1/refresh-token "{\"refresh_token\":\"$r0\"}"
expect 401 "no refresh after a logout"

echo "walked through part 1"
