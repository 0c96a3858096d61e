# What people run. Everything else is cargo, lab/lab and groundcrew itself.

.DEFAULT_GOAL := help
.PHONY: help demo test chaos fuzz build package screenshots lint lab bench bench-apply bench-fleet bench-gateway bench-scale bench-load

help: ## Lists what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Provisions a lab host with Nginx, live in the terminal (ONCE=1: and ends)
	@lab/demo

test: ## Checks everything, on real hosts: about a quarter of an hour, after the first time
	@tests/run

chaos: ## Every fault, at every moment, and a storm: docs/reliability.md, eleven minutes (TRIES=1 ONLY= STORM=600 SEED=)
	@tests/chaos/run

fuzz: ## Inputs by chance, millions for each parser of what strangers send (INPUTS= SEED=)
	@INPUTS=$${INPUTS:-10000000} cargo test --locked --profile fuzz --test fuzz -- --nocapture

build: ## The release binary: target/release/groundcrew, with everything inside
	@ui/build
	cargo build --release --locked

package: ## The Debian package of the release binary: target/debian/groundcrew_*.deb
	@deploy/package

screenshots: ## Pictures of each page, light, dark and on a phone: docs/screenshots/
	@lab/packages chromium && tests/clients/install && ui/build
	cargo test --locked --test pages -- --ignored --nocapture of_each_page

lint: ## Format, clippy, shellcheck, job files; types, style and tests of the pages
	@tests/lint

lab: ## Starts three hosts to play with: lab/lab --help says what they can do
	@lab/packages && lab/lab up 3

bench: bench-apply bench-fleet bench-gateway bench-scale bench-load ## All that is measured: bench/README.md, docs/performance.md

bench-apply: ## Side by side with plain ssh, pyinfra and Ansible
	@lab/packages && cargo build --release --locked && bench/run

bench-fleet: ## How fast runs are claimed and changes heard, beside apalis alone
	@cargo bench --locked --bench fleet

bench-scale: ## What each question takes with 10,000 servers and 1,000,000 runs, on both databases
	@lab/packages postgresql && cargo bench --locked --bench scale

bench-load: ## 500 runs in flight on one worker, 5,000 that wait (IN_FLIGHT= WAITING= HOSTS=)
	@lab/packages redis-server postgresql && cargo bench --locked --bench load

bench-gateway: ## The gateway beside Sockudo, and the time from a commit to the pages
	@bench/gateway/run
