#!/usr/bin/env bash
# Walks through the shop's HTTP API as a user would, with nothing but curl.
#
#   bash examples/shop/e2e/walkthrough.sh [URL [MAIL [EMAIL PASSWORD]]]      default: http://127.0.0.1:8080
#
# MAIL is the page of the mailbox: `mail` in the ready file, `mail` in what the shop prints at its start. Without it no
# e-mail is read. EMAIL and PASSWORD are the first admin's: `first_admin` there. Without them part 2, an admin's work, is
# left out.
#
# Each step prints what it asked and what came; the first surprise ends the walk with exit code 1.
set -euo pipefail

base=${1:-http://127.0.0.1:8080}
mail=${2:-}
admin_email=${3:-}
admin_password=${4:-}
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

# send METHOD PATH JSON [curl arguments]
send() {
  local method=$1 path=$2 json=$3
  shift 3
  call "$method" "$path" --header 'content-type: application/json' --data "$json" "$@"
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

if [ -z "$admin_email" ]; then
  echo "no first admin was named: part 2 is left out"
  exit 0
fi

# says TEXT: it stands in the last answer.
says() {
  grep --quiet --fixed-strings -- "$1" "$work/body" || fail "the answer does not say $1"
}

# problem CODE: the last answer has this code, of itself or of a field.
problem() {
  says "\"code\":\"$1\""
}

# login_as EMAIL PASSWORD: its access token is in $token then.
login_as() {
  post /api/v1/login "{\"email\":\"$1\",\"password\":\"$2\"}"
  [ "$status" = 200 ] || fail "no login as $1"
  token=$(field access_token)
}

products=/api/v1/products
admin_products=/api/v1/admin/products
admin_users=/api/v1/admin/users
nothing=0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d
category="things of $who"
in_url="things%20of%20$who"

# product NAME PRICE: a body.
product() {
  printf '{"name":"%s","description":"From the walk","price":%s,"category":"%s","stock":3,"image_url":"https://shop.example/%s.png"}' \
    "$1" "$2" "$category" "$1"
}

# admin_routes STATUS WORDS [curl arguments]: every one of them answers with this status.
admin_routes() {
  local wanted=$1 words=$2
  shift 2
  for path in "$admin_users" "$admin_products" "$admin_products/$nothing" "$admin_products/category/$in_url"; do
    call GET "$path" "$@"
    expect "$wanted" "$words: GET $path"
  done
  post "$admin_products" "$(product lamp 19.99)" "$@"
  expect "$wanted" "$words: POST $admin_products"
  for path in "$admin_users/$user_id" "$admin_products/$nothing"; do
    send PUT "$path" '{"name":"Mallory"}' "$@"
    expect "$wanted" "$words: PUT $path"
    call DELETE "$path" "$@"
    expect "$wanted" "$words: DELETE $path"
  done
}

echo "--- part 2: what only admins do"
admin_routes 401 "nobody"
login_as "$email" "$password"
admin_routes 403 "a user" --header "authorization: Bearer $token"
call GET "$products"
expect 200 "anybody looks at the products"

echo "--- products"
login_as "$admin_email" "$admin_password"
admin="authorization: Bearer $token"
post "$admin_products" "$(product lamp 19.99)" --header "$admin"
expect 201 "a product"
says '"price":19.99,'
has_header 'etag: "1"'
lamp=$(field id)
has_header "location: $products/$lamp"
post "$admin_products" "$(product lamp 19.999)" --header "$admin"
expect 422 "more than two decimals are no price"
problem price.decimals
post "$admin_products" "$(product lamp '"19.99"')" --header "$admin"
expect 422 "a text is no price"
says '"field":"price"'

call GET "$products/$lamp"
expect 200 "anybody sees it"
says '"price":19.99,'
has_header 'etag: "1"'
call GET "$products/$lamp" --header 'if-none-match: "1"'
expect 304 "who has it already is not sent it again"

send PUT "$admin_products/$lamp" '{"price":24.5}' --header "$admin" --header 'if-match: "1"'
expect 200 "a new price, on the version that was seen"
says '"name":"lamp"'
has_header 'etag: "2"'
send PUT "$admin_products/$lamp" '{"price":1}' --header "$admin" --header 'if-match: "1"'
expect 409 "another one, on a version that is over"
problem version.conflict
send PUT "$admin_products/$lamp" '{"stock":7}' --header "$admin"
expect 200 "without If-Match on whichever version there is"
says '"price":24.5'
says '"stock":7'

for name in chair table; do
  post "$admin_products" "$(product "$name" 100)" --header "$admin"
  expect 201 "another product of the category: $name"
done
number=1
for name in lamp chair table; do
  call GET "$products/category/$in_url?page=$number&page_size=1"
  expect 200 "page $number of the category"
  says "\"name\":\"$name\""
  [ "$(field total)" = 3 ] || fail "not three in the category"
  [ "$(field page)" = "$number" ] || fail "another page"
  number=$((number + 1))
done
call GET "$products/category/$in_url?page=4&page_size=1"
expect 200 "the page after the last"
says '"products":[]'
call GET "$products/category/nothing%20of%20$who"
expect 200 "a category that no product has"
says '"products":[],"total":0,'
call GET "$admin_products/category/$in_url" --header "$admin"
expect 200 "the category, for admins"
[ "$(field total)" = 3 ] || fail "not three in the category"
call GET "$admin_products?page_size=100" --header "$admin"
expect 200 "all products, for admins"
call GET "$admin_products/$lamp" --header "$admin"
expect 200 "one product, for admins"
has_header 'etag: "3"'
for query in page=0 page_size=0 page_size=101 page=one; do
  call GET "$products?$query"
  expect 400 "no page: $query"
done

call DELETE "$admin_products/$lamp" --header "$admin" --header 'if-match: "2"'
expect 409 "deleted on a version that is over"
call DELETE "$admin_products/$lamp" --header "$admin" --header 'if-match: "3"'
expect 200 "deleted"
call GET "$products/$lamp"
expect 404 "it is gone"
problem product.unknown
call DELETE "$admin_products/$lamp" --header "$admin"
expect 404 "and cannot be deleted again"

echo "--- users"
other_email="other-$email"
post /api/v1/register "{\"name\":\"Other\",\"email\":\"$other_email\",\"password\":\"$password\"}"
expect 201 "another user registered"
other=$(field user_id)
call GET "$admin_users?page_size=100" --header "$admin"
expect 200 "all users"
says '"status":"success"'
call GET "$admin_users?page=2&page_size=1" --header "$admin"
expect 200 "a page of one user"
[ "$(field current_page)" = 2 ] || fail "another page"
[ "$(field total_pages)" = "$(field total)" ] || fail "not a page for each user"
send PUT "$admin_users/$other" '{"name":"Somebody else"}' --header "$admin" --header 'if-match: "1"'
expect 200 "renamed"
has_header 'etag: "2"'
send PUT "$admin_users/$other" '{"name":"Nobody"}' --header "$admin" --header 'if-match: "1"'
expect 409 "renamed on a version that is over"
problem version.conflict
send PUT "$admin_users/$other" "{\"email\":\"${email^^}\"}" --header "$admin"
expect 409 "an address that somebody has"
problem email.taken
send PUT "$admin_users/$other" '{"role":"queen"}' --header "$admin"
expect 422 "there is no such role"
says '"field":"role"'

send PUT "$admin_users/$other" '{"role":"admin"}' --header "$admin"
expect 200 "made an admin"
login_as "$other_email" "$password"
call GET "$admin_users" --header "authorization: Bearer $token"
expect 200 "who does what admins do"
send PUT "$admin_users/$other" '{"role":"user"}' --header "$admin"
expect 200 "made a user again"
admin_routes 403 "a token of an admin who is none any more" --header "authorization: Bearer $token"
problem role.lost

echo "--- what a deleted user can no longer do"
send PUT "$admin_users/$other" '{"role":"admin"}' --header "$admin"
login_as "$other_email" "$password"
r0=$(field refresh_token)
call DELETE "$admin_users/$other" --header "$admin"
expect 200 "deleted"
call GET /api/v1/me --header "authorization: Bearer $token"
expect 401 "see themselves"
problem user.gone
admin_routes 401 "be an admin" --header "authorization: Bearer $token"
post /api/v1/refresh-token "{\"refresh_token\":\"$r0\"}"
expect 401 "go on with the session"
post /api/v1/login "{\"email\":\"$other_email\",\"password\":\"$password\"}"
expect 401 "log in"
call DELETE "$admin_users/$other" --header "$admin"
expect 404 "be deleted again"
post /api/v1/register "{\"name\":\"Other\",\"email\":\"$other_email\",\"password\":\"$password\"}"
expect 201 "the address is free again"

echo "walked through part 2"
