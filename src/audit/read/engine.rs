//! Which database a program stores its rows in.

use super::Pattern;
use super::dockerfile::image_parts;
use super::versions::of_image;
use crate::audit::repo::Container;
use crate::audit::tree::{File, Tree, is_aside, name};

/// An engine of databases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    Postgres,
    MySql,
    Sqlite,
}

static PRISMA: Pattern = Pattern::new(r#"(?m)^\s*provider\s*=\s*"(postgresql|mysql|sqlite|cockroachdb)""#);
static PG: Pattern = Pattern::new(
    r#"(?m)["' :>](pg|postgres|postgresql|psycopg(2|2-binary|\[.*)?|psycopg2?-binary|asyncpg|postgrex|tokio-postgres|lib/pq|jackc/pgx\S*|@neondatabase/serverless|@vercel/postgres|@supabase/supabase-js)["' @=~<>,:}\n]|lib/pq|jackc/pgx|npgsql"#,
);
static MYSQL: Pattern = Pattern::new(
    r#"(?m)["' :>](mysql2?|mysqlclient|pymysql|aiomysql|go-sql-driver/mysql|myxql|mysql-connector-\w+|@planetscale/database)["' @=~<>,:}\n]|go-sql-driver/mysql|pomelo\.entityframeworkcore\.mysql"#,
);
static SQLITE: Pattern = Pattern::new(
    r#"(?m)["' :>](better-sqlite3|sqlite3|aiosqlite|rusqlite|mattn/go-sqlite3|@libsql/client|ecto_sqlite3)["' @=~<>,:}\n]|go-sqlite3|glebarez/sqlite|modernc.org/sqlite"#,
);
/// What settings of frameworks say of it, one way of saying it a framework.
static SETTING: Pattern = Pattern::new(
    r#"(?im)dialect["']?\s*:\s*["'](postgresql|postgres|mysql|sqlite|turso)["']|\bclient["']?\s*:\s*["'](pg|postgres|mysql2?|better-sqlite3|sqlite3)["']|django\.db\.backends\.(postgresql|mysql|sqlite3)|^\s*adapter:\s*(postgresql|postgis|mysql2|trilogy|sqlite3)|^\s*DB_CONNECTION=(pgsql|mysql|mariadb|sqlite)|^\s*DATABASE_URL=["']?(postgres|mysql|sqlite|file)|env\('DB_CONNECTION',\s*'(pgsql|mysql|mariadb|sqlite)'"#,
);

/// Returns the engine, where the repository names one and no other.
pub fn of(tree: &Tree, containers: &[Container], dependencies: &str) -> Option<Engine> {
    for file in tree.files() {
        let prisma = file.path.ends_with(".prisma") || file.name() == "migration_lock.toml";
        match prisma.then(|| PRISMA.first(file.text)).flatten() {
            Some("postgresql" | "cockroachdb") => return Some(Engine::Postgres),
            Some("mysql") => return Some(Engine::MySql),
            Some("sqlite") => return Some(Engine::Sqlite),
            _ => {}
        }
    }
    let runs = |what: &str| {
        containers.iter().any(|one| {
            of_image(&one.image).is_some_and(|(found, _)| found == what) || name(image_parts(&one.image).0) == what
        })
    };
    let (pg, mysql) = (PG.is_match(dependencies), MYSQL.is_match(dependencies));
    let (pg, mysql) = (pg || runs("postgres"), mysql || runs("mysql") || runs("mariadb"));
    match (pg, mysql) {
        (true, false) => Some(Engine::Postgres),
        (false, true) => Some(Engine::MySql),
        // Software that runs on either: nothing holds for sure.
        (true, true) => None,
        (false, false) => set(tree).or_else(|| SQLITE.is_match(dependencies).then_some(Engine::Sqlite)),
    }
}

/// Returns what settings say, when all that say something say the same. A file beside a server is for a desk.
fn set(tree: &Tree) -> Option<Engine> {
    let mut told: Vec<Engine> = tree.files().filter(|file| is_setting(file)).flat_map(|file| said(file.text)).collect();
    if told.iter().any(|one| *one != Engine::Sqlite) {
        told.retain(|one| *one != Engine::Sqlite);
    }
    told.windows(2).all(|pair| pair[0] == pair[1]).then(|| told.first().copied()).flatten()
}

fn is_setting(file: &File<'_>) -> bool {
    let name = file.name();
    let named = name.starts_with("drizzle.config")
        || name.starts_with("knexfile")
        || name == "database.yml"
        || name == "database.php"
        || (name.ends_with(".py") && file.path.contains("settings"))
        || (name.starts_with(".env") && !name.contains("test"));
    named && !is_aside(file.path)
}

fn said(text: &str) -> Vec<Engine> {
    let words = SETTING.all(text).into_iter().map(str::to_ascii_lowercase);
    let engine = |word: String| match word.as_str() {
        word if word.starts_with("p") => Some(Engine::Postgres),
        word if word.starts_with("my") || word == "mariadb" || word == "trilogy" => Some(Engine::MySql),
        word if word.contains("sqlite") || word == "file" || word == "turso" => Some(Engine::Sqlite),
        _ => None,
    };
    words.filter_map(engine).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::live::Live;
    use crate::audit::repo::{Options, Repo};

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: Option<Engine>) {
        let mut tree = Tree::default();
        files.iter().for_each(|(path, text)| tree.add(*path, Some((*text).to_owned())));
        let live = Live::default();
        let repo = Repo::read(&tree, &live, &Options::default());
        assert_eq!(repo.engine, expected, "{files:?}");
    }

    #[test]
    fn each_ecosystem_names_its_engine_in_its_own_way() {
        check(&[("mix.exs", "{:postgrex, \">= 0.0.0\"},")], Some(Engine::Postgres));
        check(&[("mix.exs", "{:myxql, \"~> 0.6\"}")], Some(Engine::MySql));
        check(&[("Gemfile", "gem \"pg\", \"~> 1.5\"")], Some(Engine::Postgres));
        check(&[("pom.xml", "<artifactId>postgresql</artifactId>")], Some(Engine::Postgres));
        check(&[("pom.xml", "<artifactId>mysql-connector-j</artifactId>")], Some(Engine::MySql));
        check(&[("Cargo.toml", "sqlx = { version = \"0.8\", features = [\"postgres\"] }")], Some(Engine::Postgres));
        check(&[("requirements.txt", "psycopg[binary]==3.2")], Some(Engine::Postgres));
        check(&[("drizzle.config.ts", "export default { dialect: 'mysql' }")], Some(Engine::MySql));
        check(&[("shop/settings.py", "'ENGINE': 'django.db.backends.mysql'")], Some(Engine::MySql));
        check(&[("config/database.yml", "  adapter: postgresql\n")], Some(Engine::Postgres));
        check(
            &[
                ("config/database.php", "'default' => env('DB_CONNECTION', 'sqlite')"),
                (".env.example", "DB_CONNECTION=mysql"),
            ],
            Some(Engine::MySql),
        );
        check(&[("package.json", r#"{"dependencies":{"pg":"8","mysql2":"3"}}"#)], None);
        check(&[("package.json", r#"{"dependencies":{"better-sqlite3":"8"}}"#)], Some(Engine::Sqlite));
        check(&[("README.md", "postgres")], None);
    }
}
