/* The plausible past of a shell: the content of the row bash-history in files.def. */
#ifndef SANDBOX_BAIT_HISTORY_H
#define SANDBOX_BAIT_HISTORY_H

#define VB_BAIT_BASH_HISTORY                                      \
    "cd projects/storefront\n"                                    \
    "git status\n"                                                \
    "git pull --rebase\n"                                         \
    "npm ci\n"                                                    \
    "npm run dev\n"                                               \
    "git checkout -b fix/tax-rounding\n"                          \
    "vim src/checkout/tax.ts\n"                                   \
    "npm test -- tax\n"                                           \
    "git add -p\n"                                                \
    "git commit -m 'round tax per line, not per order'\n"         \
    "git push -u origin fix/tax-rounding\n"                       \
    "gh pr create --fill\n"                                       \
    "docker compose up -d postgres redis\n"                       \
    "docker compose logs -f api\n"                                \
    "psql -h localhost -U storefront storefront\n"                \
    "ls -la\n"                                                    \
    "cat package.json | jq .scripts\n"                            \
    "cd ../ledger-api\n"                                          \
    "python3 -m venv .venv\n"                                     \
    "source .venv/bin/activate\n"                                 \
    "pip install -r requirements.txt\n"                           \
    "pytest -q\n"                                                 \
    "uvicorn ledger.app:app --reload\n"                           \
    "curl -s localhost:8000/healthz\n"                            \
    "git diff HEAD~1\n"                                           \
    "git stash\n"                                                 \
    "git stash pop\n"                                             \
    "ssh bastion\n"                                               \
    "ssh prod-2 'journalctl -u ledger -n 200'\n"                  \
    "kubectl config use-context prod\n"                           \
    "kubectl -n shop get pods\n"                                  \
    "kubectl -n shop logs deploy/checkout --tail=100\n"           \
    "kubectl -n shop rollout restart deploy/checkout\n"           \
    "aws s3 ls s3://%{org}-backups/\n"                            \
    "aws sts get-caller-identity\n"                               \
    "curl -sS -H \"Authorization: Bearer %<glpat-%{b64u:20}%>\" " \
    "https://git.%{domain}/api/v4/projects | jq '.[].name'\n"     \
    "terraform plan -out tf.plan\n"                               \
    "terraform apply tf.plan\n"                                   \
    "cd ~/.openclaw/workspace\n"                                  \
    "openclaw status\n"                                           \
    "openclaw gateway restart\n"                                  \
    "clawhub search calendar\n"                                   \
    "vim MEMORY.md\n"                                             \
    "claude\n"                                                    \
    "cd\n"                                                        \
    "df -h\n"                                                     \
    "du -sh projects/* | sort -h\n"                               \
    "sudo apt update\n"                                           \
    "sudo apt upgrade\n"                                          \
    "history | grep docker\n"                                     \
    "find . -name '*.orig' -delete\n"                             \
    "tmux new -s work\n"                                          \
    "tmux attach -t work\n"                                       \
    "make deploy-staging\n"                                       \
    "tail -f /var/log/syslog\n"                                   \
    "ping -c 3 bastion.%{domain}\n"                               \
    "rsync -av dist/ prod-2:/srv/www/\n"                          \
    "git log --oneline -20\n"                                     \
    "git rebase -i main\n"                                        \
    "code .\n"                                                    \
    "exit\n"

#endif
