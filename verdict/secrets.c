/* Which files and variables hold what, whose business they are, and where they may go. Among the
 * readers "@script" stands for any program that an interpreter runs.
 * No text can make SECRET_PRIVATE a package's business (design: declared against observed).
 * The first row that fits counts. */
#include "verdict/internal.h"

#define SSH "ssh scp sftp rsync ssh-add ssh-keygen ssh-agent sshd git"
#define GPG "gpg gpg2 gpg-agent gpgconf gpgsm keyboxd git pass"

static const struct secret_place file_places[] = {
    {"~/.ssh/config", SECRET_COMMON, "SSH settings", SSH, "", ""},
    {"~/.ssh/known_hosts*", SECRET_COMMON, "known SSH hosts", SSH, "", ""},
    {"~/.ssh/*.pub", SECRET_COMMON, "a public SSH key", SSH, "", ""},
    {"~/.ssh/authorized_keys", SECRET_CONFIG, "the keys that may log in", SSH, "", ""},
    {"~/.ssh/**", SECRET_PRIVATE, "a private SSH key", SSH, "", ""},
    {"~/.gnupg/**", SECRET_PRIVATE, "a private PGP key", GPG, "", ""},
    {"~/.password-store/**", SECRET_PRIVATE, "the password store", GPG, "", ""},

    {"~/.gitconfig", SECRET_COMMON, "git settings", "git gh", "", "git"},
    {"~/.config/git/config", SECRET_COMMON, "git settings", "git gh", "", "git"},
    {"~/.git-credentials", SECRET_PRIVATE, "git passwords",
     "git git-credential-store git-remote-https", "github.com gitlab.com bitbucket.org", ""},
    {"~/.config/git/credentials", SECRET_PRIVATE, "git passwords",
     "git git-credential-store git-remote-https", "github.com gitlab.com bitbucket.org", ""},
    {"~/.netrc", SECRET_PRIVATE, "passwords for servers",
     "curl wget git git-remote-https ftp lftp go @script", "", ""}, /* libraries look into it */
    {"~/.npmrc", SECRET_SERVICE, "the npm token", "npm npx node yarn pnpm pnpx bun bunx corepack",
     "", "npm NPM_*"},
    {"~/.yarnrc*", SECRET_SERVICE, "the yarn token", "yarn node", "", "yarn"},
    {"~/.pypirc", SECRET_SERVICE, "the PyPI token", "twine flit poetry uv hatch setup.py", "",
     "twine PYPI_* TWINE_*"},
    {"~/.config/pip/pip.conf", SECRET_COMMON, "pip settings", "pip uv python3", "", "pip"},
    {"~/.pip/pip.conf", SECRET_COMMON, "pip settings", "pip uv python3", "", "pip"},
    {"~/.cargo/credentials*", SECRET_SERVICE, "the cargo token", "cargo", "", "cargo CARGO_*"},
    {"~/.gem/credentials", SECRET_SERVICE, "the gem token", "gem", "", "gem"},
    {"~/.m2/settings.xml", SECRET_SERVICE, "maven passwords", "mvn java", "", "mvn"},
    {"~/.gradle/gradle.properties", SECRET_SERVICE, "gradle settings", "gradle java", "", "gradle"},
    {"~/.composer/auth.json", SECRET_SERVICE, "composer tokens", "composer php", "", "composer"},
    {"~/.docker/config.json", SECRET_SERVICE, "docker logins",
     "docker docker-compose docker-buildx podman buildah skopeo crane oras", "docker.com",
     "docker podman"},

    {"~/.aws/config", SECRET_COMMON, "AWS settings", "aws terraform sam cdk", "amazonaws.com",
     "aws AWS_*"},
    {"~/.aws/amazonq/**", SECRET_PRIVATE, "an AI agent's login", "q", "", ""},
    {"~/.aws/**", SECRET_SERVICE, "AWS keys", "aws terraform sam cdk eksctl kubectl aws-vault",
     "amazonaws.com aws.amazon.com amazonaws.com.cn", "aws AWS_*"},
    {"~/.config/gcloud/**", SECRET_SERVICE, "Google Cloud logins", "gcloud gsutil bq terraform",
     "googleapis.com google.com", "gcloud gsutil bq GOOGLE_* GCLOUD_* CLOUDSDK_*"},
    {"~/.azure/**", SECRET_SERVICE, "Azure logins", "az terraform azd",
     "azure.com microsoftonline.com windows.net microsoft.com", "az AZURE_* ARM_*"},
    {"~/.kube/**", SECRET_SERVICE, "Kubernetes logins",
     "kubectl helm k9s kubectx kustomize flux argocd", "", "kubectl helm KUBE*"},
    {"/var/run/secrets/kubernetes.io/**", SECRET_SERVICE, "the Kubernetes service token", "kubectl",
     "", "kubectl"},
    {"~/.oci/**", SECRET_SERVICE, "Oracle Cloud keys", "oci", "oraclecloud.com", "oci OCI_*"},
    {"~/.config/doctl/**", SECRET_SERVICE, "the DigitalOcean token", "doctl", "digitalocean.com",
     "doctl DIGITALOCEAN_*"},
    {"~/.config/hcloud/**", SECRET_SERVICE, "the Hetzner token", "hcloud", "hetzner.cloud",
     "hcloud HCLOUD_*"},
    {"~/.terraform.d/**", SECRET_SERVICE, "the Terraform token", "terraform tofu", "terraform.io",
     "terraform TF_*"},
    {"~/.vault-token", SECRET_SERVICE, "the Vault token", "vault", "", "vault VAULT_*"},
    {"~/.fly/**", SECRET_SERVICE, "the Fly.io token", "fly flyctl", "fly.io", "fly flyctl FLY_*"},
    {"~/.config/netlify/**", SECRET_SERVICE, "the Netlify token", "netlify ntl", "netlify.com",
     "netlify NETLIFY_*"},
    {"~/.local/share/com.vercel.cli/**", SECRET_SERVICE, "the Vercel token", "vercel vc",
     "vercel.com", "vercel VERCEL_*"},
    {"~/.wrangler/**", SECRET_SERVICE, "the Cloudflare token", "wrangler", "cloudflare.com",
     "wrangler CLOUDFLARE_*"},
    {"~/.config/.wrangler/**", SECRET_SERVICE, "the Cloudflare token", "wrangler", "cloudflare.com",
     "wrangler CLOUDFLARE_*"},
    {"~/.config/gh/**", SECRET_SERVICE, "the GitHub login", "gh git",
     "github.com githubusercontent.com", "gh GH_* GITHUB_*"},
    {"~/.config/glab-cli/**", SECRET_SERVICE, "the GitLab login", "glab", "gitlab.com",
     "glab GITLAB_*"},
    {"~/actions-runner/_work/**/.git/config", SECRET_SERVICE, "the GitHub token of a checkout",
     "git gh", "github.com githubusercontent.com", "git gh GH_* GITHUB_*"},
    {"~/actions-runner/.credentials*", SECRET_PRIVATE, "the login of a CI runner", "", "", ""},
    {"~/.config/hub", SECRET_SERVICE, "the GitHub login", "hub", "github.com", "hub GITHUB_*"},
    {"~/.circleci/**", SECRET_SERVICE, "the CircleCI token", "circleci", "circleci.com",
     "circleci"},
    {"~/.config/clawhub/**", SECRET_PRIVATE, "the skill registry's token", "clawhub clawdhub",
     "clawhub.ai clawhub.com", ""},
    {"~/.sentryclirc", SECRET_SERVICE, "the Sentry token", "sentry-cli", "sentry.io",
     "sentry-cli SENTRY_*"},
    {"~/.databrickscfg", SECRET_SERVICE, "the Databricks token", "databricks", "databricks.com",
     "databricks DATABRICKS_*"},
    {"~/.snowsql/**", SECRET_SERVICE, "Snowflake logins", "snowsql snow", "snowflakecomputing.com",
     "snowsql SNOWFLAKE_*"},
    {"~/.nuget/**", SECRET_SERVICE, "NuGet passwords", "dotnet nuget", "nuget.org", "dotnet nuget"},
    {"~/.rediscli_history", SECRET_PRIVATE, "redis-cli's history", "redis-cli", "", ""},
    {"~/.pgpass", SECRET_SERVICE, "database passwords", "psql pg_dump pg_restore createdb", "",
     "psql PG* POSTGRES* DATABASE_URL"},
    {"~/.my.cnf", SECRET_SERVICE, "database passwords", "mysql mysqldump mariadb", "",
     "mysql MYSQL_*"},

    {"~/.bash_history", SECRET_PRIVATE, "the shell's history", "bash", "", ""},
    {"~/.zsh_history", SECRET_PRIVATE, "the shell's history", "zsh", "", ""},
    {"~/.local/share/fish/fish_history", SECRET_PRIVATE, "the shell's history", "fish", "", ""},
    {"~/.python_history", SECRET_PRIVATE, "Python's history", "python python3", "", ""},
    {"~/.node_repl_history", SECRET_PRIVATE, "node's history", "node", "", ""},
    {"~/.psql_history", SECRET_PRIVATE, "psql's history", "psql", "", ""},
    {"~/.mysql_history", SECRET_PRIVATE, "mysql's history", "mysql", "", ""},
    {"~/.lesshst", SECRET_COMMON, "less's history", "less", "", ""},
    {"~/.*_history", SECRET_PRIVATE, "a program's history", "", "", ""},

    {"~/.config/google-chrome/**", SECRET_PRIVATE, "the browser's store", "chrome google-chrome",
     "", ""},
    {"~/.config/chromium/**", SECRET_PRIVATE, "the browser's store", "chromium", "", ""},
    {"~/.config/BraveSoftware/**", SECRET_PRIVATE, "the browser's store", "brave", "", ""},
    {"~/.config/microsoft-edge/**", SECRET_PRIVATE, "the browser's store", "msedge", "", ""},
    {"~/.config/vivaldi/**", SECRET_PRIVATE, "the browser's store", "vivaldi", "", ""},
    {"~/.config/opera/**", SECRET_PRIVATE, "the browser's store", "opera", "", ""},
    {"~/.mozilla/**", SECRET_PRIVATE, "the browser's store", "firefox", "", ""},
    {"~/snap/firefox/**", SECRET_PRIVATE, "the browser's store", "firefox", "", ""},
    {"~/.var/app/org.mozilla.firefox/**", SECRET_PRIVATE, "the browser's store", "firefox", "", ""},

    {"~/.bitcoin/**", SECRET_PRIVATE, "a wallet", "bitcoind bitcoin-cli bitcoin-qt", "", ""},
    {"~/.ethereum/**", SECRET_PRIVATE, "a wallet", "geth", "", ""},
    {"~/.config/solana/**", SECRET_PRIVATE, "a wallet", "solana solana-keygen", "", ""},
    {"~/.electrum/**", SECRET_PRIVATE, "a wallet", "electrum", "", ""},
    {"~/.config/Exodus/**", SECRET_PRIVATE, "a wallet", "Exodus exodus", "", ""},
    {"~/.config/atomic/**", SECRET_PRIVATE, "a wallet", "", "", ""},
    {"~/.config/Ledger Live/**", SECRET_PRIVATE, "a wallet", "", "", ""},
    {"~/.config/@trezor/**", SECRET_PRIVATE, "a wallet", "", "", ""},
    {"~/.monero/**", SECRET_PRIVATE, "a wallet", "monerod", "", ""},
    {"~/.sui/**", SECRET_PRIVATE, "a wallet", "sui", "", ""},
    {"~/.aptos/**", SECRET_PRIVATE, "a wallet", "aptos", "", ""},
    {"~/.foundry/**", SECRET_PRIVATE, "a wallet", "cast forge", "", ""},
    {"~/.near-credentials/**", SECRET_PRIVATE, "a wallet", "near", "", ""},
    {"~/**wallet*", SECRET_PRIVATE, "a wallet", "", "", ""},
    {"~/**seed*.txt", SECRET_PRIVATE, "a wallet's seed", "", "", ""},

    {"~/.config/discord/**", SECRET_PRIVATE, "a chat program's store", "Discord", "", ""},
    {"~/.config/Slack/**", SECRET_PRIVATE, "a chat program's store", "slack", "", ""},
    {"~/.config/Signal/**", SECRET_PRIVATE, "a chat program's store", "signal-desktop", "", ""},
    {"~/.local/share/TelegramDesktop/**", SECRET_PRIVATE, "a chat program's store", "", "", ""},
    {"~/.config/1Password/**", SECRET_PRIVATE, "a password manager's store", "op 1password", "",
     ""},
    {"~/.config/op/**", SECRET_PRIVATE, "a password manager's store", "op", "", ""},
    {"~/.config/Bitwarden*/**", SECRET_PRIVATE, "a password manager's store", "bw", "", ""},
    {"~/.config/keepassxc/**", SECRET_PRIVATE, "a password manager's store", "keepassxc", "", ""},
    {"~/**.kdbx", SECRET_PRIVATE, "a password manager's store", "keepassxc", "", ""},

    {"~/.openclaw/workspace/node_modules/**", SECRET_COMMON, "a library", "node npm", "", ""},
    {"~/.openclaw/workspace/**.md", SECRET_CONFIG, "the agent's memory", "openclaw", "", ""},
    {"~/.openclaw/workspace/skills/**", SECRET_COMMON, "a skill", "openclaw", "", ""},
    /* Libraries that load settings walk up from the skill's folder and pass these on their way. */
    {"~/.openclaw/.env", SECRET_CONFIG, "the agent's environment", "openclaw", "", ""},
    {"~/.openclaw/workspace/.env", SECRET_CONFIG, "the agent's environment", "openclaw", "", ""},
    {"~/.env", SECRET_CONFIG, "the user's environment", "", "", ""},
    {"~/.openclaw/openclaw.json", SECRET_CONFIG, "the agent's settings", "openclaw", "", ""},
    {"~/.openclaw/**", SECRET_PRIVATE, "the agent's secrets", "openclaw", "", ""},
    {"~/.clawdbot/**", SECRET_PRIVATE, "the agent's secrets", "clawdbot", "", ""},
    {"~/.moltbot/**", SECRET_PRIVATE, "the agent's secrets", "moltbot", "", ""},
    {"~/.claude/settings*.json", SECRET_CONFIG, "the agent's settings", "claude", "", ""},
    {"~/.claude/**.md", SECRET_CONFIG, "the agent's memory", "claude", "", ""},
    {"~/.claude/**", SECRET_PRIVATE, "the agent's secrets", "claude", "", ""},
    {"~/.claude.json", SECRET_PRIVATE, "the agent's secrets", "claude", "", ""},
    {"~/.config/Claude/**", SECRET_PRIVATE, "the agent's secrets", "claude", "", ""},
    {"~/.codex/config.toml", SECRET_CONFIG, "the agent's settings", "codex", "", ""},
    {"~/.codex/**", SECRET_PRIVATE, "the agent's secrets", "codex", "", ""},
    {"~/.gemini/settings.json", SECRET_CONFIG, "the agent's settings", "gemini", "", ""},
    {"~/.gemini/**", SECRET_PRIVATE, "the agent's secrets", "gemini", "", ""},
    {"~/.cursor/**", SECRET_PRIVATE, "the agent's secrets", "cursor cursor-agent", "", ""},
    {"~/.config/Cursor/**", SECRET_PRIVATE, "the agent's secrets", "cursor", "", ""},
    {"~/.codeium/**", SECRET_PRIVATE, "the agent's secrets", "", "", ""},
    {"~/.continue/**", SECRET_PRIVATE, "the agent's secrets", "cn", "", ""},
    {"~/.aider.conf.yml", SECRET_PRIVATE, "the agent's secrets", "aider", "", ""},
    {"~/.config/goose/**", SECRET_PRIVATE, "the agent's secrets", "goose", "", ""},
    {"~/.local/share/opencode/**", SECRET_PRIVATE, "the agent's secrets", "opencode", "", ""},
    {"~/.hermes/**", SECRET_PRIVATE, "the agent's secrets", "hermes", "", ""},
    {"~/.config/github-copilot/**", SECRET_PRIVATE, "the agent's secrets", "copilot", "", ""},
    {"~/.cline/**", SECRET_PRIVATE, "the agent's secrets", "cline", "", ""},
    {"~/.kiro/**", SECRET_PRIVATE, "the agent's secrets", "kiro", "", ""},
    {"~/.ollama/**", SECRET_PRIVATE, "the agent's secrets", "ollama", "", ""},
    {"~/.cache/huggingface/token", SECRET_SERVICE, "the Hugging Face token", "hf huggingface-cli",
     "huggingface.co", "hf huggingface-cli HF_* HUGGING*"},
    {"~/.config/openai/**", SECRET_SERVICE, "the OpenAI key", "openai", "openai.com", "OPENAI_*"},
    {"~/.config/io.datasette.llm/**", SECRET_SERVICE, "keys of language models", "llm", "", "llm"},

    {"**/.env*", SECRET_PRIVATE, "another project's secrets", "", "", ""},
    {"**.pem", SECRET_PRIVATE, "a private key", "openssl", "", ""},
    {"**.p12", SECRET_PRIVATE, "a private key", "openssl", "", ""},
    {"**", SECRET_PRIVATE, "a secret", "", "", ""},
};

/* Longest names first where one begins with another. */
static const struct secret_place env_places[] = {
    {"ANTHROPIC_", SECRET_SERVICE, "the Anthropic key", "", "anthropic.com claude.ai",
     "ANTHROPIC_*"},
    {"OPENAI_", SECRET_SERVICE, "the OpenAI key", "", "openai.com", "OPENAI_*"},
    {"GEMINI_", SECRET_SERVICE, "the Gemini key", "", "googleapis.com google.com",
     "GEMINI_* GOOGLE_*"},
    {"GOOGLE_", SECRET_SERVICE, "the Google key", "", "googleapis.com google.com",
     "GOOGLE_* GEMINI_*"},
    {"OPENROUTER_", SECRET_SERVICE, "the OpenRouter key", "", "openrouter.ai", "OPENROUTER_*"},
    {"XAI_", SECRET_SERVICE, "the xAI key", "", "x.ai", "XAI_*"},
    {"GROQ_", SECRET_SERVICE, "the Groq key", "", "groq.com", "GROQ_*"},
    {"MISTRAL_", SECRET_SERVICE, "the Mistral key", "", "mistral.ai", "MISTRAL_*"},
    {"DEEPSEEK_", SECRET_SERVICE, "the DeepSeek key", "", "deepseek.com", "DEEPSEEK_*"},
    {"HF_", SECRET_SERVICE, "the Hugging Face token", "", "huggingface.co hf.co", "HF_* HUGGING*"},
    {"AWS_", SECRET_SERVICE, "AWS keys", "", "amazonaws.com aws.amazon.com", "aws AWS_*"},
    {"GITHUB_", SECRET_SERVICE, "the GitHub token", "", "github.com githubusercontent.com",
     "gh GITHUB_* GH_*"},
    {"GH_", SECRET_SERVICE, "the GitHub token", "", "github.com githubusercontent.com",
     "gh GITHUB_* GH_*"},
    {"ACTIONS_", SECRET_SERVICE, "the job's own token", "", "github.com githubusercontent.com",
     "gh GITHUB_* GH_* ACTIONS_*"},
    {"DOCKER_", SECRET_SERVICE, "the Docker token", "", "docker.com docker.io", "docker DOCKER_*"},
    {"SENTRY_", SECRET_SERVICE, "the Sentry token", "", "sentry.io", "sentry-cli SENTRY_*"},
    {"NPM_", SECRET_SERVICE, "the npm token", "", "", "npm NPM_* NODE_AUTH_*"},
    {"NODE_AUTH_", SECRET_SERVICE, "the npm token", "", "", "npm NPM_* NODE_AUTH_*"},
    {"PYPI_", SECRET_SERVICE, "the PyPI token", "", "", "twine PYPI_* TWINE_*"},
    {"TWINE_", SECRET_SERVICE, "the PyPI token", "", "", "twine PYPI_* TWINE_*"},
    {"SLACK_", SECRET_SERVICE, "the Slack token", "", "slack.com", "SLACK_*"},
    {"DISCORD_", SECRET_SERVICE, "the Discord token", "", "discord.com discord.gg discordapp.com",
     "DISCORD_*"},
    {"TELEGRAM_", SECRET_SERVICE, "the Telegram token", "", "telegram.org", "TELEGRAM_* TG_*"},
    {"STRIPE_", SECRET_SERVICE, "the Stripe key", "", "stripe.com", "stripe STRIPE_*"},
    {"DATABASE_", SECRET_SERVICE, "the database's password", "", "", "DATABASE_* PG* POSTGRES*"},
    {"OPENCLAW_", SECRET_PRIVATE, "the agent's own token", "openclaw", "", ""},
    {"CLAWHUB_", SECRET_PRIVATE, "the skill registry's token", "clawhub", "clawhub.ai clawhub.com",
     ""},
    {"VERCEL_", SECRET_SERVICE, "the Vercel token", "", "vercel.com", "vercel VERCEL_*"},
    {"CLOUDFLARE_", SECRET_SERVICE, "the Cloudflare token", "", "cloudflare.com",
     "wrangler CLOUDFLARE_*"},
    {"", SECRET_SERVICE, "a secret of the environment", "", "", ""},
};

bool vb_secret_is_model_key(const char *env)
{
    return env != NULL &&
           vb_word_in("ANTHROPIC_* OPENAI_* GEMINI_* GOOGLE_API_* OPENROUTER_* XAI_* "
                      "GROQ_* MISTRAL_* DEEPSEEK_* HF_*",
                      env);
}

const struct secret_place *vb_secret_handed(void)
{
    static const struct secret_place place = {
        "", SECRET_HANDED, "the key that it asks its user for", "", "", ""};
    return &place;
}

const struct secret_place *vb_secret_machine(const char *id)
{
    static const struct {
        const char *id;
        struct secret_place place;
    } places[] = {
        {"machine-home", {"", SECRET_MACHINE, "the path of the user's home", "", "", ""}},
        {"machine-id", {"", SECRET_MACHINE, "the machine's id", "", "", ""}},
        {"machine-address", {"", SECRET_MACHINE, "the machine's public address", "", "", ""}},
        {"machine-host", {"", SECRET_MACHINE, "the machine's name", "", "", ""}},
    };
    size_t row = 0;
    while (row + 1 < VB_ARRAY_LEN(places) && strcmp(places[row].id, id) != 0)
        row++;
    return &places[row].place;
}

const struct secret_place *vb_secret_of_path(const char *path)
{
    for (size_t i = 0; i + 1 < VB_ARRAY_LEN(file_places); i++)
        if (vb_glob_match(file_places[i].pattern, path))
            return &file_places[i];
    return &file_places[VB_ARRAY_LEN(file_places) - 1];
}

const char *vb_secret_label(const char *path)
{
    const struct secret_place *place = vb_secret_of_path(path);
    return place == &file_places[VB_ARRAY_LEN(file_places) - 1] ? NULL : place->label;
}

const struct secret_place *vb_secret_of_env(const char *name)
{
    for (size_t i = 0; i + 1 < VB_ARRAY_LEN(env_places); i++)
        if (vb_starts(name, env_places[i].pattern))
            return &env_places[i];
    return &env_places[VB_ARRAY_LEN(env_places) - 1];
}
